"""Saves tensors of every kind that a reader of PyTorch's files should know: `torch_weights.pt`.

    python tests/reference/torch_weights.py            # PyTorch 2.13
"""

from pathlib import Path

import torch

square = torch.tensor([[0.0, 0.5], [1.0, 1.5]])
tensors = {
    "float": square,
    "transposed": square.T,
    "row": square[1],
    "double": torch.tensor([0.1, -2.5], dtype=torch.float64),
    "half": torch.tensor([1 / 3, 65504.0, float("inf")], dtype=torch.float16),
    "bfloat16": torch.tensor([1 / 3], dtype=torch.bfloat16),
    "long": torch.tensor(-(2**63)),
    "int": torch.tensor([-7, 7], dtype=torch.int32),
    "parameter": torch.nn.Parameter(torch.tensor([3.0])),
}
torch.save(tensors, Path(__file__).with_suffix(".pt"))
