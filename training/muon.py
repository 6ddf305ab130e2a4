"""Muon: steps of convolution kernels that are orthogonal matrices.

After Jordan et al., "Muon: An optimizer for hidden layers in neural networks",
https://kellerjordan.github.io/posts/muon, and airbench94_muon.py of their
repository cifar10-airbench, which uses it on CIFAR-10. Keras' own
`keras.optimizers.Muon` takes matrices alone, and none of a convolution's
kernels.
"""

import math

import keras

# Of the quintic that brings all singular values near 1, as published.
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 3


@keras.saving.register_keras_serializable("hlp_keras")
class Muon(keras.optimizers.SGD):
    """SGD whose steps change all directions of a convolution kernel alike.

    A kernel of shape `(height, width, inputs, filters)` is a matrix of
    `height * width * inputs` rows. Its gradient, with Nesterov momentum, is
    replaced by about the nearest matrix with orthonormal columns (or rows), and
    before each step the kernel is scaled to the Frobenius norm of such a
    matrix. That scaling changes no answer of a network where batch
    normalisation follows the convolution, as it does in all blocks of this
    package, and it makes weight decay of these kernels idle.

    All else (dense and depthwise kernels, normalisations, biases) is trained as
    by `keras.optimizers.SGD`, whose arguments it takes, too.

    Args:
        kernel_rate: learning rate of convolution kernels, as a part of the
            learning rate.
        kernel_momentum: of convolution kernels; they have none where
            `momentum` is 0.
    """

    def __init__(self, *args, kernel_rate=0.25, kernel_momentum=0.8, **kwargs):
        super().__init__(*args, **kwargs)
        self.kernel_rate = kernel_rate
        self.kernel_momentum = kernel_momentum

    def update_step(self, gradient, variable, learning_rate):
        """Changes one variable; Keras calls it."""
        if not _is_convolution(variable):
            super().update_step(gradient, variable, learning_rate)
            return
        gradient = keras.ops.cast(gradient, variable.dtype)
        rate = keras.ops.cast(self.kernel_rate * learning_rate, variable.dtype)
        step = _as_matrix(self._accelerated(gradient, variable))
        norm = math.sqrt(min(step.shape))
        kernel = variable * (
            norm / (keras.ops.norm(_as_matrix(variable)) + 1e-7)
        )
        step = keras.ops.reshape(orthogonal(step), variable.shape)
        self.assign(variable, kernel - rate * step)

    def _accelerated(self, gradient, variable):
        """The gradient with Nesterov momentum."""
        if not self.momentum:  # Then Keras keeps no variables for it.
            return gradient
        momentum = self.momentums[self._get_variable_index(variable)]
        velocity = self.kernel_momentum * momentum + gradient
        self.assign(momentum, velocity)
        return gradient + self.kernel_momentum * velocity

    def get_config(self):
        """The arguments that make the same optimizer."""
        return {
            **super().get_config(),
            "kernel_rate": self.kernel_rate,
            "kernel_momentum": self.kernel_momentum,
        }


def orthogonal(matrix):
    """Brings the singular values of a matrix near 1.

    After three Newton-Schulz iterations those above a fiftieth of the Frobenius
    norm are between 0.68 and 1.21, and smaller ones up to 41 times what they
    were: near enough for a step.

    Args:
        matrix: tensor of shape `(rows, columns)`.
    """
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = keras.ops.transpose(matrix) if is_tall else matrix
    x = x / (keras.ops.norm(x) + 1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        gram = keras.ops.matmul(x, keras.ops.transpose(x))
        polynomial = b * gram + c * keras.ops.matmul(gram, gram)
        x = a * x + keras.ops.matmul(polynomial, x)
    return keras.ops.transpose(x) if is_tall else x


def _is_convolution(variable):
    # A depthwise kernel has filters of one channel each: no matrix.
    return len(variable.shape) == 4 and variable.shape[-1] > 1


def _as_matrix(kernel):
    return keras.ops.reshape(kernel, (-1, kernel.shape[-1]))
