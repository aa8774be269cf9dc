"""Weights of CLIP, read from files that open_clip's own module makes: nothing is run, and hashes count."""

import hashlib
import sys

import pytest
import torch

from tests.trainer.tiny_clip import NETWORK, random_model, register, saved
from trainer.pretrained import clip, hub
from trainer.pretrained.clip import ClipError, ClipPackageError, ClipWeights, imagenet_prompts, load_clip


@pytest.fixture(autouse=True)
def known(tmp_path):
    register(tmp_path)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_come_from_a_named_file_and_its_hash_is_in_the_identity(tmp_path, suffix):
    path = saved(tmp_path, suffix)
    network = load_clip(ClipWeights(path, network=NETWORK))
    assert network.identity == f"{NETWORK}-{digest(path)[:12]}"
    for name, value in random_model().state_dict().items():
        torch.testing.assert_close(network.model.state_dict()[name], value)
    assert not network.model.training
    assert network.logit_scale == pytest.approx(7.389, abs=1e-3)
    assert [round(mean, 2) for mean in network.mean] == [0.48, 0.46, 0.41]


def test_half_precision_and_openais_extra_numbers_are_understood(tmp_path):
    state = {name: value.half() for name, value in random_model().state_dict().items()}
    path = tmp_path / "openai.pt"
    torch.save({**state, "input_resolution": torch.tensor(16), "vocab_size": torch.tensor(49408)}, path)
    network = load_clip(ClipWeights(path, network=NETWORK))
    assert network.model.visual.proj.dtype == torch.float32


def test_the_expected_hash_is_checked(tmp_path):
    path = saved(tmp_path)
    load_clip(ClipWeights(path, digest(path).upper(), NETWORK))
    with pytest.raises(ClipError, match="but the given hash says 00"):
        load_clip(ClipWeights(path, "0" * 64, NETWORK))
    with pytest.raises(ClipError, match="all 64 hexadecimal digits"):
        load_clip(ClipWeights(path, digest(path)[:12], NETWORK))


def test_a_hash_beside_the_file_is_checked(tmp_path):
    path = saved(tmp_path)
    beside = tmp_path / f"{path.name}.sha256"
    beside.write_text(f"{digest(path)}  {path.name}\n")
    load_clip(ClipWeights(path, network=NETWORK))
    beside.write_text(f"{'1' * 64}  {path.name}\n")
    with pytest.raises(ClipError, match=r"tiny\.safetensors\.sha256 says 11"):
        load_clip(ClipWeights(path, network=NETWORK))


def test_a_file_from_the_hub_must_have_the_hash_that_the_hub_gave_it(tmp_path, monkeypatch):
    """The cache of the hub names a large file after its hash, and links to it."""
    path = saved(tmp_path)
    for name, fits in ((digest(path), True), ("2" * 64, False)):
        blob = tmp_path / name
        blob.write_bytes(path.read_bytes())
        link = tmp_path / f"{fits}.safetensors"
        link.symlink_to(blob)
        monkeypatch.setitem(clip.REPOSITORIES, NETWORK, "somebody/tiny")
        monkeypatch.setattr(clip, "hub_file", lambda *_, link=link: link)
        if fits:
            assert load_clip(ClipWeights(network=NETWORK)).identity.startswith(NETWORK)
        else:
            with pytest.raises(ClipError, match="but the hub says 22"):
                load_clip(ClipWeights(network=NETWORK))


def test_without_weights_and_internet_the_sentence_says_what_to_do(monkeypatch):
    def unreachable(*_arguments, **_keywords):
        raise OSError("no internet")

    monkeypatch.setattr(hub, "urlopen", unreachable)
    monkeypatch.setenv("HF_HUB_CACHE", "nowhere")
    expected = (
        r"no internet.*download https://huggingface.co/timm/vit_base.*open_clip_model.*--clip-weights FILE"
    )
    with pytest.raises(ClipError, match=expected):
        load_clip()


def test_code_in_a_file_is_not_run(tmp_path):
    path = tmp_path / "script.pt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), str(path))
    with pytest.raises(ClipError, match="TorchScript archive, which contains code"):
        load_clip(ClipWeights(path, network=NETWORK))


def test_pickled_objects_are_refused(tmp_path):
    path = tmp_path / "pickle.pth"
    torch.save({"state_dict": torch.nn.Linear(2, 2)}, path)
    with pytest.raises(ClipError, match=r"pickle\.pth cannot be read"):
        load_clip(ClipWeights(path, network=NETWORK))


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"weight": torch.zeros(1)}, path)
    with pytest.raises(ClipError, match="does not hold the weights of tiny-clip"):
        load_clip(ClipWeights(path, network=NETWORK))


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        ("ViT-Z-99", "has no network 'ViT-Z-99'"),
        ("RN50", "not a plain vision transformer"),
        ("ViT-B-16-SigLIP", "not a plain vision transformer"),
    ],
)
def test_networks_that_cannot_be_used_are_answered_with_those_that_can(network, sentence):
    with pytest.raises(ClipError, match=rf"{sentence}.*ViT-B-16-quickgelu"):
        load_clip(ClipWeights(network=network))


def test_a_missing_package_is_answered_with_the_command_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(ClipPackageError, match="pip install open_clip_torch"):
        load_clip()


def test_the_vocabulary_and_the_prompts_need_no_internet(tmp_path):
    network = load_clip(ClipWeights(saved(tmp_path), network=NETWORK))
    tokens = network.tokenize(["a photo of a hi-vis vest."])
    assert tokens.shape == (1, 77)
    assert len(imagenet_prompts()) == 80
    assert imagenet_prompts()[0]("cat") == "a bad photo of a cat."
