# PyTorch's DataLoader with torchvision's transforms: one epoch for each line on standard input, its seconds on standard output.
import json
import sys
import time
from pathlib import Path

import numpy
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import InterpolationMode, v2


class Images(Dataset):
    def __init__(self, folder, size, channels, augment):
        self.files = sorted(Path(folder).iterdir())
        self.mode = "L" if channels == 1 else "RGB"
        steps = [v2.ToImage(), v2.Resize((size, size)), v2.ToDtype(torch.float32, scale=True)]
        if augment:
            steps += [
                v2.RandomCrop(size, padding=size // 8, padding_mode="reflect"),
                v2.RandomHorizontalFlip(),
                v2.RandomAffine(10, scale=(1 / 1.1, 1.1), interpolation=InterpolationMode.BILINEAR),
                v2.ColorJitter(brightness=0.2, contrast=0.2),
            ]
        self.transform = v2.Compose(steps)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, at):
        with Image.open(self.files[at]) as image:
            return self.transform(image.convert(self.mode)), at % 10


class Rows(Dataset):
    """In memory already: what a reader of Parquet would have to do first is not counted."""

    def __init__(self, rows, columns):
        self.values = torch.from_numpy(numpy.random.default_rng(1).standard_normal((rows, columns), dtype=numpy.float32))
        self.targets = torch.arange(rows) % 10

    def __len__(self):
        return len(self.values)

    def __getitem__(self, at):
        return self.values[at], self.targets[at]


settings = json.loads(sys.stdin.readline())
if settings["kind"] == "rows":
    dataset = Rows(settings["rows"], settings["columns"])
else:
    dataset = Images(settings["folder"], settings["size"], settings["channels"], settings["augment"])
loader = DataLoader(
    dataset, batch_size=settings["batch"], shuffle=True, num_workers=settings["workers"], persistent_workers=True
)
torch.set_num_threads(1)
print(json.dumps(f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}, Pillow {Image.__version__}"), flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    loaded = sum(len(targets) for _, targets in loader)
    assert loaded == len(dataset)
    print(json.dumps(time.perf_counter() - started), flush=True)
