// All optimizers, schedulers and gradient clipping.
#pragma once

#include <xgrad/optim/adam.hpp>
#include <xgrad/optim/clip.hpp>
#include <xgrad/optim/rmsprop.hpp>
#include <xgrad/optim/scheduler.hpp>
#include <xgrad/optim/sgd.hpp>
