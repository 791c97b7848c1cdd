// Everything: tensors, derivatives, optimizers, modules, explanations, pictures.
#pragma once

#include <xgrad/tensor/error.hpp>
