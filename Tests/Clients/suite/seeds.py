"""Seeds of the tests that throw dice."""

import os
import random


def new_seed() -> int:
    """A seed, which is printed; MOLDAU_SEED gives that of an earlier run."""
    seed = int(os.environ.get("MOLDAU_SEED") or random.randrange(1 << 32))
    print(f"MOLDAU_SEED={seed}", flush=True)
    return seed
