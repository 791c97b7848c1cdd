// Metrics for training and evaluation, and reports.
#pragma once

#include <xgrad/nn/metrics/classification.hpp>
#include <xgrad/nn/metrics/confusion.hpp>
#include <xgrad/nn/metrics/function.hpp>
#include <xgrad/nn/metrics/metric.hpp>
#include <xgrad/nn/metrics/probability.hpp>
#include <xgrad/nn/metrics/regression.hpp>
#include <xgrad/nn/metrics/report.hpp>
