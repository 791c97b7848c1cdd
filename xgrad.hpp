// Everything: tensors, derivatives, optimizers, modules, explanations, pictures.
#pragma once

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/explain.hpp>
#include <xgrad/nn/callback.hpp>
#include <xgrad/nn/data.hpp>
#include <xgrad/nn/functional.hpp>
#include <xgrad/nn/gradcheck.hpp>
#include <xgrad/nn/history.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/loss.hpp>
#include <xgrad/nn/metrics.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/nn/summary.hpp>
#include <xgrad/nn/trainer.hpp>
#include <xgrad/optim/optim.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/threads.hpp>
#include <xgrad/version.hpp>
#include <xgrad/viz/viz.hpp>
