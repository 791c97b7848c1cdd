// Data preparation for tables: reading, splitting, encoding, scaling, batches.
#pragma once

#include <xgrad/nn/data/csv.hpp>
#include <xgrad/nn/data/dataset.hpp>
#include <xgrad/nn/data/encoder.hpp>
#include <xgrad/nn/data/loader.hpp>
#include <xgrad/nn/data/scaler.hpp>
#include <xgrad/nn/data/split.hpp>
#include <xgrad/nn/data/table.hpp>
