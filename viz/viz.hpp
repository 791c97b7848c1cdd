// All plots.
#pragma once

#include <xgrad/viz/activation.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/bar.hpp>
#include <xgrad/viz/beeswarm.hpp>
#include <xgrad/viz/confusion_matrix.hpp>
#include <xgrad/viz/decision.hpp>
#include <xgrad/viz/effect_scatter.hpp>
#include <xgrad/viz/figure.hpp>
#include <xgrad/viz/force.hpp>
#include <xgrad/viz/history.hpp>
#include <xgrad/viz/network.hpp>
#include <xgrad/viz/neuron.hpp>
#include <xgrad/viz/plot_model.hpp>
#include <xgrad/viz/regression.hpp>
#include <xgrad/viz/report.hpp>
#include <xgrad/viz/score_curves.hpp>
#include <xgrad/viz/waterfall.hpp>
