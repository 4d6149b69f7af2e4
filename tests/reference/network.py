"""Forward pass and gradient of both networks in NumPy, float64: the constants of tests/network.rs.

Parameter i of a network (all weights in alphabetical order of their names, row by row) is
0.3 sin(0.7 i); sample i of the windows is 0.5 + 0.5 cos(0.37 i). The gradient is a central
difference of the mean cross-entropy.
"""

import numpy as np

N_SAMPLES, N_CLASSES, CLASSES = 100, 4, np.array([0, 3])


def dense(x, weight, bias):
    return x @ weight.T + bias


def conv(x, weight, bias):
    """Kernel 3, stride 2, one zero on each side, as nested sums."""
    n, _, length = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1)))
    out = np.empty((n, weight.shape[0], (length + 1) // 2))
    for t in range(out.shape[2]):
        out[:, :, t] = np.einsum("nck,ock->no", padded[:, :, 2 * t : 2 * t + 3], weight) + bias
    return out


def convnet(x, p):
    for i in range(1, 9):
        x = np.maximum(conv(x, p[f"conv{i}.weight"], p[f"conv{i}.bias"]), 0)
    return dense(x.reshape(len(x), -1), p["dense.weight"], p["dense.bias"])


def perceptron(x, p):
    x = (x.reshape(len(x), -1) - 0.5) * 2
    hidden = np.tanh(dense(x, p["hidden.weight"], p["hidden.bias"]))
    return dense(hidden, p["output.weight"], p["output.bias"])


def shapes_convnet():
    length, n_in, shapes = N_SAMPLES, 3, {}
    for i in range(1, 9):
        shapes[f"conv{i}.bias"], shapes[f"conv{i}.weight"] = (32,), (32, n_in, 3)
        n_in, length = 32, (length + 1) // 2
    shapes["dense.bias"], shapes["dense.weight"] = (N_CLASSES,), (N_CLASSES, 32 * length)
    return shapes


SHAPES_PERCEPTRON = {
    "hidden.bias": (10,), "hidden.weight": (10, 3 * N_SAMPLES),
    "output.bias": (N_CLASSES,), "output.weight": (N_CLASSES, 10),
}


def split(flat, shapes):
    parameters, start = {}, 0
    for name, shape in sorted(shapes.items()):
        n = int(np.prod(shape))
        parameters[name] = flat[start : start + n].reshape(shape)
        start += n
    return parameters


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


for name, network, shapes, scale in [
    ("convnet", convnet, shapes_convnet(), 0.3),
    ("perceptron", perceptron, SHAPES_PERCEPTRON, 0.3),
]:
    n = sum(int(np.prod(s)) for s in shapes.values())
    flat = scale * np.sin(0.7 * np.arange(n))
    x = (0.5 + 0.5 * np.cos(0.37 * np.arange(2 * 3 * N_SAMPLES))).reshape(2, 3, N_SAMPLES)

    def loss(flat):
        p = softmax(network(x, split(flat, shapes)))
        return -np.log(p[np.arange(2), CLASSES]).mean()

    print(name, n, "parameters; probabilities")
    print(softmax(network(x, split(flat, shapes))))
    print("loss", loss(flat))
    for index in [0, 40, 210, 1001, n - 40]:
        step = np.zeros(n)
        step[index] = 1e-5
        print("gradient", index, (loss(flat + step) - loss(flat - step)) / 2e-5)
