// All public ops, and the creation functions. Each family has a header in autograd/ops/; the source files beside it
// contain an op's forward, backward, attribution rule and samples together. Names and meanings are PyTorch's.
//
// Unless noted: operands broadcast by NumPy's rules and promote by PyTorch's; ShapeError, DtypeError, IndexError and
// ValueError name the op and its arguments; an undefined tensor is a ValueError; all ops are differentiable to any
// order where mathematics allows.
#pragma once

#include <xgrad/autograd/ops/activations.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/attention.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/convolution.hpp>
#include <xgrad/autograd/ops/embedding_bag.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/interpolation.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/autograd/ops/layers.hpp>
#include <xgrad/autograd/ops/linalg.hpp>
#include <xgrad/autograd/ops/losses.hpp>
#include <xgrad/autograd/ops/normalization.hpp>
#include <xgrad/autograd/ops/numbers.hpp>
#include <xgrad/autograd/ops/pooling.hpp>
#include <xgrad/autograd/ops/products.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/autograd/ops/scattering.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/sorting.hpp>
#include <xgrad/autograd/ops/special.hpp>
#include <xgrad/autograd/ops/statistics.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/random.hpp>
