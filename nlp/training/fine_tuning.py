"""Fine-tune a transformer by AdamW, with a rate that rises and falls."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Group = TypeVar("Group")


def fine_tune(
    model: nn.Module,
    rates: Sequence[tuple[Sequence[Tensor], float]],
    groups: Callable[[random.Random], Iterable[Group]],
    loss: Callable[[Group], Tensor],
    *,
    passes: int,
    order: random.Random,
    log: Callable[[str], None],
) -> None:
    """Train a model in place, each of its weights at the highest rate of their part in `rates`.

    The rates rise for a tenth of the steps, then fall linearly to zero. `groups` cuts the texts
    anew for each pass, in a random order. The mean loss of each pass is passed to `log`.
    """
    parts: list[dict[str, Any]] = [{"params": [*part], "lr": rate} for part, rate in rates]
    optimizer = torch.optim.AdamW(parts, weight_decay=0.01, fused=True)
    steps = passes * len([*groups(random.Random(0))])
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(10 * step / steps, (steps - step) / (0.9 * steps))
    )
    model.train()
    for turn in range(passes):
        losses: list[float] = []
        for group in groups(order):
            found = loss(group)
            optimizer.zero_grad()
            found.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(found.item())
        log(f"pass {turn + 1} of {passes}, loss {np.mean(losses):.4f}")
    model.eval()
