// All of nn/ except training: modules, layers, models, initializers, activations.
#pragma once

#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/activations.hpp>
#include <xgrad/nn/batch_norm.hpp>
#include <xgrad/nn/dense.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/nn/embedding.hpp>
#include <xgrad/nn/init.hpp>
#include <xgrad/nn/layer_norm.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/model.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/nn/reshaping.hpp>
#include <xgrad/nn/sequential.hpp>
