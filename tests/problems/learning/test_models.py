"""The networks: sizes, seeds, what they refuse. tests/oracles compares them with PyTorch's."""

import numpy as np
import pytest

from autograd_lite import Tensor, nn, ops
from problems.learning.gan import MODES, NOISE, STD, centres, coverage, energy_distance, ring
from problems.learning.language_model import detached
from problems.learning.models import (
    DenseNet,
    Gan,
    LanguageModel,
    LogisticRegression,
    Perceptron,
    ResNet,
    densenet121,
    parameter_count,
    resnet34,
)
from problems.learning.resnet import BasicBlock

SMALL = {
    "logistic": lambda **o: LogisticRegression(64, 10, **o),
    "mlp": lambda **o: Perceptron(64, 20, 10, **o),
    "resnet": lambda **o: ResNet([1, 2], [4, 8], 1, 10, **o),
    "densenet": lambda **o: DenseNet([2, 1], 4, 0.5, 1, 10, **o),
}


def test_the_papers_networks_have_their_sizes():
    assert parameter_count(resnet34(rng=0)) == 21_282_122
    assert parameter_count(densenet121(rng=0)) == 6_956_298
    assert parameter_count(resnet34(100, rng=0)) == 21_282_122 + 90 * 513


def test_the_papers_networks_have_their_layers():
    kinds = [type(m) for m in resnet34(rng=0).modules()]
    projections = 3  # not counted among the 34
    assert kinds.count(nn.Conv2d) + kinds.count(nn.Linear) == 34 + projections
    kinds = [type(m) for m in densenet121(rng=0).modules()]
    assert kinds.count(nn.Conv2d) + kinds.count(nn.Linear) == 121


@pytest.mark.parametrize("make", SMALL.values(), ids=SMALL)
def test_image_networks(make):
    x = np.random.default_rng(0).normal(size=(6, 1, 8, 8))
    labels = np.arange(6)
    model, same, other = (make(rng=seed, dtype=np.float64) for seed in (0, 0, 1))
    scores = model(x)
    assert scores.shape == (6, 10)
    assert np.array_equal(scores.data, same(x).data)
    assert not np.array_equal(scores.data, other(x).data)
    loss = ops.cross_entropy(scores, labels)
    loss.backward()
    step = 1e-3
    for p in model.parameters():
        assert p.grad.any(), "every parameter has a part in the scores"
    slope = -sum(np.sum(p.grad**2) for p in model.parameters())
    for p in model.parameters():
        p.data -= step * p.grad
    after = ops.cross_entropy(model(x), labels).item()
    assert after - loss.item() == pytest.approx(step * slope, rel=0.2)
    assert all(p.dtype == np.float32 for p in make(rng=0).parameters())


def test_halving():
    model = ResNet([1, 1, 1], [4, 8, 8], 1, rng=0)
    shapes = []
    for module in (model.layer1, model.layer2, model.layer3):
        forward = module.forward
        module.forward = lambda x, forward=forward: (y := forward(x), shapes.append(y.shape))[0]
    model(np.zeros((2, 1, 8, 8), np.float32))
    assert shapes == [(2, 4, 8, 8), (2, 8, 4, 4), (2, 8, 2, 2)]


def test_dense_blocks_keep_the_size_and_transitions_halve_it():
    model = DenseNet([1, 2], 4, channels=1, rng=0)
    shapes = []
    for module in (model.conv1, model.dense1, model.trans1, model.dense2):
        forward = module.forward
        module.forward = lambda x, forward=forward: (y := forward(x), shapes.append(y.shape))[0]
    model(np.zeros((2, 1, 12, 12), np.float32))
    assert shapes == [(2, 8, 12, 12), (2, 12, 12, 12), (2, 6, 6, 6), (2, 14, 6, 6)]


def test_a_block_adds_to_what_goes_around_it():
    """If the last normalisation gives zeros, that is all there is."""
    block = BasicBlock(3, 3, 1, rng=np.random.default_rng(0), dtype=np.float64)
    block.bn2.weight.data[:] = 0
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 4))
    assert np.array_equal(block(Tensor(x)).data, np.maximum(x, 0))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_language_model_goes_on(layers):
    """Text in two chunks, with the state carried over, gives the scores of the text in one."""
    text = np.random.default_rng(0).integers(7, size=(9, 3))
    model = LanguageModel(7, 8, layers, 0.5, rng=0, dtype=np.float64).eval()
    whole, _ = model(text)
    first, state = model(text[:4])
    second, _ = model(text[4:], state)
    np.testing.assert_allclose(np.concatenate([first.data, second.data]), whole.data, rtol=1e-12)
    assert whole.shape == (27, 7)
    assert len(list(model.layers)) == layers == len(state)


def test_backpropagation_is_cut_off_where_it_should_be():
    text = np.random.default_rng(0).integers(7, size=(6, 2))
    gradients = []
    for cut in (detached, lambda state: state):
        model = LanguageModel(7, 8, 2, rng=0, dtype=np.float64)
        _, state = model(text[:3])
        scores, _ = model(text[3:], cut(state))
        scores.sum().backward()
        gradients.append(model.embedding.weight.grad)
    only_here = ~np.isin(np.arange(7), text[3:])
    assert not gradients[0][only_here].any()
    assert gradients[1][only_here & np.isin(np.arange(7), text[:3])].any()


def test_dropout_is_of_training_alone():
    text = np.zeros((4, 2), int)
    model, same = (LanguageModel(7, 8, 2, 0.5, rng=3) for _ in range(2))
    one, two = model(text)[0].data, model(text)[0].data
    assert not np.array_equal(one, two)
    assert np.array_equal(one, same(text)[0].data)
    model.eval()
    assert np.array_equal(model(text)[0].data, model(text)[0].data)


def test_dropout_stands_before_each_layer_and_the_scores():
    model, seen = LanguageModel(7, 8, 3, 0.5, rng=0), []
    real = model.dropout.forward
    model.dropout.forward = lambda x: (seen.append(x), real(x) * 0)[1]  # nothing comes through
    scores, state = model(np.array([[1, 2]]))
    assert len(seen) == 4
    assert np.array_equal(scores.data, np.tile(model.head.bias.data, (2, 1)))
    for _, c in state:  # each layer read zeros
        assert np.array_equal(c.data[0, 0], c.data[0, 1])


def test_centres():
    """Eight, from the right on, half a right angle after the other."""
    s = 0.5**0.5
    expected = [(1, 0), (s, s), (0, 1), (-s, s), (-1, 0), (-s, -s), (0, -1), (s, -s)]
    np.testing.assert_allclose(centres(), expected, atol=1e-15)


def test_coverage_at_its_edges():
    """A tenth of ten points a Gaussian is one; a good point is nearer than 3 deviations."""
    right, up = centres()[[0, 2]]
    points = np.array([right] * 79 + [up])
    assert coverage(points) == (2, 1.0)
    assert coverage(np.concatenate([points, [right]])) == (1, 1.0)
    for far, quality in ((np.nextafter(3 * STD, 0), 1.0), (3 * STD, 0.0)):
        assert coverage(right + np.array([[0, far]])).quality == quality


def test_layers_of_the_gan():
    gan, x = Gan(5, rng=0, dtype=np.float64), np.random.default_rng(0).normal(size=(6, NOISE))
    for network, inputs in ((gan.generator, x), (gan.discriminator, x[:, :2])):
        first, _, second, _, last = network
        y = inputs
        for layer in (first, second):
            y = y @ layer.weight.data.T + layer.bias.data
            y = np.where(y > 0, y, 0.2 * y)
        expected = y @ last.weight.data.T + last.bias.data
        np.testing.assert_allclose(network(inputs).data, expected, rtol=1e-12)


def test_ring():
    points = ring(4000, np.random.default_rng(0))
    assert points.dtype == np.float32
    nearest = np.linalg.norm(points[:, None] - centres(), axis=2)
    assert np.bincount(nearest.argmin(axis=1), minlength=MODES) / 4000 == pytest.approx(
        1 / MODES, abs=0.02
    )
    offsets = points - centres()[nearest.argmin(axis=1)]
    assert offsets.std() == pytest.approx(STD, rel=0.05)
    found = coverage(points)
    assert found.modes == MODES
    assert found.quality == pytest.approx(1 - np.exp(-4.5), abs=0.005)  # within 3 deviations
    half = coverage(points[nearest.argmin(axis=1) < MODES // 2])
    assert (half.modes, coverage(points * 0).modes, coverage(points * 0).quality) == (4, 0, 0)


def test_energy_distance():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 40, 2))
    pairs = [[np.linalg.norm(p - q) for p in a for q in b] for a, b in ((x, y), (x, x), (y, y))]
    between, within_x, within_y = map(np.mean, pairs)
    assert energy_distance(x, y) == pytest.approx(2 * between - within_x - within_y)
    assert energy_distance(x, x) == pytest.approx(0, abs=1e-12)


def test_gan_losses():
    gan, rng = Gan(8, rng=0), np.random.default_rng(0)
    real, noise = ring(16, rng), rng.normal(size=(16, NOISE)).astype(np.float32)
    d_real = gan.discriminator(real).data
    d_fake = gan.discriminator(gan.generator(noise).data).data
    log_sigmoid = lambda z: -np.log1p(np.exp(-z))  # noqa: E731
    loss = gan.discriminator_loss(real, noise)
    expected = -(log_sigmoid(d_real).mean() + log_sigmoid(-d_fake).mean()) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    gan.zero_grad()
    loss = gan.generator_loss(noise)
    assert loss.item() == pytest.approx(-log_sigmoid(d_fake).mean(), rel=1e-5)
    loss.backward()
    assert all(p.grad.any() for p in gan.generator.parameters())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ResNet([1, 1], [4], rng=0), "blocks and widths must pair"),
        (lambda: ResNet([0], [4], rng=0), "blocks must be an integer of at least 1, got 0"),
        (lambda: DenseNet([], 4, rng=0), "blocks must name at least one block"),
        (lambda: DenseNet([1], 0, rng=0), "growth must be an integer of at least 1, got 0"),
        (lambda: DenseNet([1], 4, 1.5, rng=0), r"reduction must be in \(0, 1\], got 1.5"),
        (lambda: LanguageModel(7, 8, 0, rng=0), "layers must be an integer of at least 1, got 0"),
        (lambda: LanguageModel(7, 8, 1, 1.0, rng=0), r"p must be in \[0, 1\), got 1.0"),
        (lambda: Perceptron(4, 0, 2, rng=0), "hidden must be an integer of at least 1, got 0"),
        (lambda: ring(0, np.random.default_rng(0)), "count must be an integer of at least 1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
