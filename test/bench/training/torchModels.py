"""The models that ours are compared with, as an ordinary PyTorch user writes them.

Attributes are named as ours name parameters, so that `fromOurs` in test/peers/compiler.py can walk the modules.
Each model has `loss(batch)`, batch a dictionary of tensors with the rows first, and `draw(rows, random)` for random data.
"""

import torch
from torch import nn
from torch.nn import functional


class Mlp(nn.Module):
    def __init__(self, sizes=(784, 256, 128, 10)):
        super().__init__()
        self.sizes = sizes
        for at, (before, after) in enumerate(zip(sizes, sizes[1:]), 1):
            setattr(self, f"linear{at}", nn.Linear(before, after))

    def forward(self, features):
        last = len(self.sizes) - 1
        for at in range(1, last):
            features = functional.relu(getattr(self, f"linear{at}")(features))
        return getattr(self, f"linear{last}")(features)

    def loss(self, batch):
        return functional.cross_entropy(self(batch["features"]), batch["targets"])

    def draw(self, rows, random):
        return {
            "features": torch.rand(rows, self.sizes[0], generator=random),
            "targets": torch.randint(0, self.sizes[-1], (rows,), generator=random),
        }


class Cnn(nn.Module):
    """Two blocks of convolution, (BatchNorm,) ReLU and pooling, then a linear layer."""

    def __init__(self, channels=(32, 64), size=28, classes=10, batch_norm=False, input_channels=1):
        super().__init__()
        self.shape = (input_channels, size, size)
        self.classes, self.blocks = classes, len(channels)
        before = input_channels
        for at, after in enumerate(channels, 1):
            setattr(self, f"conv{at}", nn.Conv2d(before, after, 3, padding=1, bias=not batch_norm))
            setattr(self, f"norm{at}", nn.BatchNorm2d(after) if batch_norm else nn.Identity())
            before = after
        self.linear = nn.Linear(before * (size >> self.blocks) ** 2, classes)

    def forward(self, images):
        for at in range(1, self.blocks + 1):
            images = getattr(self, f"norm{at}")(getattr(self, f"conv{at}")(images))
            images = functional.max_pool2d(functional.relu(images), 2)
        return self.linear(images.flatten(1))

    def loss(self, batch):
        return functional.cross_entropy(self(batch["images"]), batch["targets"])

    def draw(self, rows, random):
        return {
            "images": torch.rand(rows, *self.shape, generator=random),
            "targets": torch.randint(0, self.classes, (rows,), generator=random),
        }


class BasicBlock(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.projects = stride != 1 or before != after
        if self.projects:
            self.shortcutConv = nn.Conv2d(before, after, 1, stride, bias=False)
            self.shortcutNorm = nn.BatchNorm2d(after)

    def forward(self, x):
        residual = self.shortcutNorm(self.shortcutConv(x)) if self.projects else x
        x = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(x)) + residual)


class ResNet(nn.Module):
    """ResNet-18 with the standard stem (7×7 stride 2, pool 3×3 stride 2); smaller ones by `widths` and `blocks`."""

    def __init__(self, size=64, widths=(64, 128, 256, 512), blocks=(2, 2, 2, 2), classes=10):
        super().__init__()
        self.size, self.classes = size, classes
        self.conv = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        before = widths[0]
        self.names = []
        for stage, (width, count) in enumerate(zip(widths, blocks), 1):
            for block in range(1, count + 1):
                name = f"stage{stage}block{block}"
                setattr(self, name, BasicBlock(before, width, 2 if stage > 1 and block == 1 else 1))
                self.names.append(name)
                before = width
        self.linear = nn.Linear(before, classes)

    def forward(self, images):
        x = functional.max_pool2d(functional.relu(self.norm(self.conv(images))), 3, 2, 1)
        for name in self.names:
            x = getattr(self, name)(x)
        return self.linear(x.mean((2, 3)))

    def loss(self, batch):
        return functional.cross_entropy(self(batch["images"]), batch["targets"])

    def draw(self, rows, random):
        return {
            "images": torch.rand(rows, 3, self.size, self.size, generator=random),
            "targets": torch.randint(0, self.classes, (rows,), generator=random),
        }


class EncoderLayer(nn.Module):
    def __init__(self, width, heads, hidden, norm_first):
        super().__init__()
        self.heads, self.norm_first = heads, norm_first
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attentionInput, self.attentionOutput = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.linear1, self.linear2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def attention(self, x):
        rows, length, width = x.shape
        qkv = self.attentionInput(x).view(rows, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])
        return self.attentionOutput(mixed.transpose(1, 2).reshape(rows, length, width))

    def feed_forward(self, x):
        return self.linear2(functional.gelu(self.linear1(x)))

    def forward(self, x):
        if self.norm_first:
            x = x + self.attention(self.norm1(x))
            return x + self.feed_forward(self.norm2(x))
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.feed_forward(x))


class Transformer(nn.Module):
    """`classes` given: an encoder that classifies texts by the mean over tokens; else a head over the vocabulary per token."""

    def __init__(self, vocabulary=1000, width=128, heads=4, length=64, layers=1, hidden=512, classes=None, norm_first=True):
        super().__init__()
        self.vocabulary, self.length, self.classes = vocabulary, length, classes
        self.tokenEmbedding, self.positionEmbedding = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.embeddingNorm = nn.Identity() if norm_first else nn.LayerNorm(width)
        self.names = [f"layer{at}" for at in range(1, layers + 1)]
        for name in self.names:
            setattr(self, name, EncoderLayer(width, heads, hidden, norm_first))
        self.head = nn.Linear(width, classes or vocabulary)

    def forward(self, tokens):
        x = self.embeddingNorm(self.tokenEmbedding(tokens) + self.positionEmbedding.weight)
        for name in self.names:
            x = getattr(self, name)(x)
        return self.head(x.mean(1) if self.classes else x)

    def loss(self, batch):
        logits = self(batch["tokens"])
        return functional.cross_entropy(logits.flatten(0, -2), batch["targets"].flatten())

    def draw(self, rows, random):
        targets = (rows,) if self.classes else (rows, self.length)
        return {
            "tokens": torch.randint(0, self.vocabulary, (rows, self.length), generator=random),
            "targets": torch.randint(0, self.classes or self.vocabulary, targets, generator=random),
        }


class Tagger(nn.Module):
    """Bidirectional LSTM that tags each token; `crf`: with transition scores and the linear-chain likelihood (Lafferty et al. 2001)."""

    def __init__(self, vocabulary=5000, embedding=100, hidden=128, length=40, tags=9, crf=False):
        super().__init__()
        self.vocabulary, self.length, self.tags = vocabulary, length, tags
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(2 * hidden, tags)
        if crf:
            self.transitions = nn.Parameter(torch.zeros(tags, tags))
            self.start, self.end = nn.Parameter(torch.zeros(tags)), nn.Parameter(torch.zeros(tags))
        self.crf = crf

    def forward(self, tokens):
        return self.linear(self.lstm(self.embedding(tokens))[0])

    def loss(self, batch):
        scores, tags = self(batch["tokens"]), batch["targets"]
        if not self.crf:
            return functional.cross_entropy(scores.flatten(0, 1), tags.flatten())
        return (self.all_paths(scores) - self.path(scores, tags)).mean()

    def path(self, scores, tags):
        emitted = scores.gather(2, tags.unsqueeze(2)).squeeze(2).sum(1)
        return emitted + self.start[tags[:, 0]] + self.end[tags[:, -1]] + self.transitions[tags[:, :-1], tags[:, 1:]].sum(1)

    def all_paths(self, scores):
        alpha = self.start + scores[:, 0]
        for at in range(1, scores.shape[1]):
            alpha = torch.logsumexp(alpha.unsqueeze(2) + self.transitions, 1) + scores[:, at]
        return torch.logsumexp(alpha + self.end, 1)

    def draw(self, rows, random):
        return {
            "tokens": torch.randint(0, self.vocabulary, (rows, self.length), generator=random),
            "targets": torch.randint(0, self.tags, (rows, self.length), generator=random),
        }


class Vae(nn.Module):
    """Kingma & Welling 2014, https://arxiv.org/abs/1312.6114, with a Bernoulli decoder: 784-400-20-400-784.

    `noise` is part of the batch where both sides must draw the same."""

    def __init__(self, features=784, hidden=400, latent=20):
        super().__init__()
        self.features = features
        self.encoder = nn.Linear(features, hidden)
        self.mean, self.logVariance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder1, self.decoder2 = nn.Linear(latent, hidden), nn.Linear(hidden, features)

    def loss(self, batch):
        x = batch["features"]
        h = functional.relu(self.encoder(x))
        mean, log_variance = self.mean(h), self.logVariance(h)
        noise = batch["noise"] if "noise" in batch else torch.randn_like(mean)
        z = mean + torch.exp(0.5 * log_variance) * noise
        logits = self.decoder2(functional.relu(self.decoder1(z)))
        reconstruction = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        return (reconstruction + divergence) / x.shape[0]

    def draw(self, rows, random):
        return {"features": torch.rand(rows, self.features, generator=random)}


class Critic(nn.Module):
    """Critic step of WGAN-GP (Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028, algorithm 1, λ = 10).

    The generated rows and the mixing share arrive as data: the generator is not trained in a critic step."""

    def __init__(self, sizes=(784, 256, 128, 1), penalty=10.0):
        super().__init__()
        self.network, self.features, self.penalty = Mlp(sizes), sizes[0], penalty

    def loss(self, batch):
        real, generated, share = batch["real"], batch["generated"], batch["share"]
        mixed = (share * real + (1 - share) * generated).requires_grad_()
        (slope,) = torch.autograd.grad(self.network(mixed).sum(), mixed, create_graph=True)
        # The small number keeps the root's slope finite, as in ours.
        length = (slope.pow(2).sum(1) + 1e-12).sqrt()
        distance = self.network(generated).mean() - self.network(real).mean()
        return distance + self.penalty * (length - 1).pow(2).mean()

    def draw(self, rows, random):
        return {
            "real": torch.rand(rows, self.features, generator=random),
            "generated": torch.rand(rows, self.features, generator=random),
            "share": torch.rand(rows, 1, generator=random),
        }


MODELS = {"mlp": Mlp, "cnn": Cnn, "resNet": ResNet, "transformer": Transformer, "tagger": Tagger, "vae": Vae, "critic": Critic}
