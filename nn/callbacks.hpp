// The callbacks of this library.
#pragma once

#include <xgrad/nn/callbacks/best.hpp>
#include <xgrad/nn/callbacks/csv_logger.hpp>
#include <xgrad/nn/callbacks/early_stopping.hpp>
#include <xgrad/nn/callbacks/lambda_callback.hpp>
#include <xgrad/nn/callbacks/learning_rate_schedule.hpp>
#include <xgrad/nn/callbacks/model_checkpoint.hpp>
#include <xgrad/nn/callbacks/weights.hpp>
