"""Logits of the three public networks in PyTorch, for comparing. Reads a list of jobs as JSON from standard input, prints
a list of logits for each. A job loads a state_dict ("load"), or fills the network with random numbers and saves it ("save").
"""

import json
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F


def convolution(inputs, outputs, size=3, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)


class SmallCnn(nn.Module):
    def __init__(self, aliases, classes, side=28, channels=1):
        super().__init__()
        relu, pool, features = nn.ReLU(), nn.MaxPool2d(2), ((side - 4) // 2 - 4) // 2
        self.conv1 = nn.Conv2d(channels, 32, 3)
        self.feature_extractor = nn.Sequential()
        for name, layer in (
            ("relu1", relu), ("conv2", nn.Conv2d(32, 32, 3)), ("relu2", relu), ("pool1", pool),
            ("conv3", nn.Conv2d(32, 64, 3)), ("relu3", relu), ("conv4", nn.Conv2d(64, 64, 3)), ("relu4", relu),
            ("pool2", pool),
        ):
            self.feature_extractor.add_module(name, layer)
        self.classifier = nn.Sequential()
        for name, layer in (
            ("fc1", nn.Linear(64 * features * features, 200)), ("relu1", relu), ("drop", nn.Dropout()),
            ("fc2", nn.Linear(200, 200)), ("relu2", relu), ("fc3", nn.Linear(200, classes)),
        ):
            self.classifier.add_module(name, layer)
        if aliases:
            self.layer_one = nn.Sequential()
            self.layer_one.add_module("conv1", self.conv1)
            self.other_layers = nn.ModuleList([self.feature_extractor, self.classifier])

    def forward(self, x):
        return self.classifier(self.feature_extractor(self.conv1(x)).flatten(1))


class Block(nn.Module):
    """A pre-activation block; `shortcut` is its convolution's name, which PreActResNet18 wraps in a Sequential."""

    def __init__(self, inputs, outputs, stride, shortcut):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), convolution(inputs, outputs, stride=stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), convolution(outputs, outputs)
        self.name = shortcut if inputs != outputs or stride != 1 else None
        if self.name is not None:
            projection = convolution(inputs, outputs, 1, stride)
            setattr(self, shortcut, nn.Sequential(projection) if shortcut == "shortcut" else projection)

    def forward(self, x):
        a = F.relu(self.bn1(x))
        kept = x if self.name is None else getattr(self, self.name)(a)
        return self.conv2(F.relu(self.bn2(self.conv1(a)))) + kept


class PooledLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.fc = nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.fc(x.mean((2, 3)))


class PreActResNet18(nn.Module):
    def __init__(self, aliases, classes, width, final):
        super().__init__()
        self.conv1 = convolution(3, width)
        inputs = width
        for i in range(4):
            outputs, stride = width * 2**i, 1 if i == 0 else 2
            blocks = Block(inputs, outputs, stride, "shortcut"), Block(outputs, outputs, 1, "shortcut")
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
            inputs = outputs
        self.final = final
        if final:
            self.bn = nn.BatchNorm2d(inputs)
            self.linear = nn.Linear(inputs, classes)
        else:
            self.linear = PooledLinear(inputs, classes)
        if aliases:
            stages = [*self.layer1, *self.layer2, *self.layer3, *self.layer4]
            self.layers = nn.ModuleList([self.conv1, *stages, self.linear])

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.conv1(x)))))
        return self.linear(F.relu(self.bn(x)).mean((2, 3)) if self.final else x)


class Group(nn.Module):
    def __init__(self, count, inputs, outputs, stride):
        super().__init__()
        first = Block(inputs, outputs, stride, "convShortcut")
        self.layer = nn.Sequential(first, *(Block(outputs, outputs, 1, "convShortcut") for _ in range(count - 1)))

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, aliases, classes, depth, factor):
        super().__init__()
        count, widths = (depth - 4) // 6, [16, 16 * factor, 32 * factor, 64 * factor]
        self.conv1 = convolution(3, 16)
        self.block1 = Group(count, widths[0], widths[1], 1)
        self.block2 = Group(count, widths[1], widths[2], 2)
        self.block3 = Group(count, widths[2], widths[3], 2)
        self.bn1, self.fc = nn.BatchNorm2d(widths[3]), nn.Linear(widths[3], classes)
        if aliases:
            self.sub_block1 = Group(count, widths[0], widths[1], 1)
            self.layer_one = self.conv1
            others = [self.block1, self.sub_block1, self.block2, self.block3, self.bn1, self.fc]
            self.other_layers = nn.ModuleList(others)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


class Normalize(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1))
        self.register_buffer("std", torch.tensor([0.2471, 0.2435, 0.2616]).view(3, 1, 1))

    def forward(self, x):
        return (x - self.mean) / self.std


class Normalized(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.normalize, self.model = Normalize(), model

    def forward(self, x):
        return self.model(self.normalize(x))


NETWORKS = {"small-cnn": SmallCnn, "preact-resnet18": PreActResNet18, "wide-resnet": WideResNet}


def fill(network):
    """Random numbers everywhere, positive ones where variances are."""
    for name, tensor in network.state_dict().items():
        if name.endswith(("weight", "bias")):
            tensor.add_(torch.randn(tensor.shape) * 0.05)
        elif name.endswith("running_mean"):
            tensor.normal_(0, 0.3)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 2)


def load(network, state, aliases):
    """Strictly, but for second names of what was loaded under its first name."""
    missing, unexpected = network.load_state_dict(state, strict=not aliases)
    every = network.state_dict()
    loaded = {every[name].data_ptr() for name in state}
    left = [name for name in missing if every[name].data_ptr() not in loaded]
    assert not unexpected and not left, (unexpected, left)


def run(job):
    network = NETWORKS[job["network"]](job["aliases"], **job["options"])
    if "load" in job:
        load(network, load_file(job["load"]), job["aliases"])
    else:
        fill(network)
    if job["normalize"]:
        network = Normalized(network)
    network.eval()
    if "save" in job:
        tensors = {job["prefix"] + name: tensor.clone() for name, tensor in network.state_dict().items()}
        save_file(tensors, job["save"], {"format": "pt"})
    return network(load_file(job["images"])["images"]).tolist()


with torch.no_grad():
    torch.manual_seed(1)
    print(json.dumps([run(job) for job in json.load(sys.stdin)]))
