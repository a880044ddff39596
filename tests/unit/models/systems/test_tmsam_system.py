"""TMSAM behind the interface of the systems, and posts through a post encoder."""

import numpy as np
import pytest
import torch

from models.errors import ModelError
from models.layers.graph import chain_adjacency
from models.presets import PRESETS
from models.systems import build_system
from models.systems.posts import edge_adjacency
from models.systems.tmsam import TmsamSystem
from models.tmsam import TmsamInputs
from models.training.batches import make_batch
from tests.unit.models.small_networks import tiny
from tests.unit.models.systems.labelled import STAR, WIDTHS, labelled


def system(text_graph: str = "chain") -> TmsamSystem:
    torch.manual_seed(0)
    return TmsamSystem(tiny("default").model_copy(update={"text_graph": text_graph})).eval()


def test_posts_in_groups_score_as_the_network_scores_them_padded() -> None:
    posts = [labelled(1), labelled(2, text=2, visual=5), labelled(3, audio=4)]
    batch = make_batch([posts])
    own = system()
    features, masks = [], []
    for column, name in enumerate(("text", "audio", "visual")):
        rows = torch.zeros(1, 3, 6, WIDTHS[column])
        mask = torch.zeros(1, 3, 6, dtype=torch.bool)
        for place, post in enumerate(posts):
            if name in post.features:
                steps = torch.from_numpy(post.features[name])
                rows[0, place, : len(steps)] = steps
                mask[0, place, : len(steps)] = True
        features.append(rows)
        masks.append(mask)
    presence = torch.stack([mask.any(dim=2) for mask in masks], dim=2)
    given = TmsamInputs(
        (features[0], features[1], features[2]),
        (masks[0], masks[1], masks[2]),
        presence,
        batch.post_mask,
    )
    with torch.inference_mode():
        found, wanted = own(batch), own.network(given)
    torch.testing.assert_close(found.sentiment, wanted.sentiment, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.emotion, wanted.emotion, rtol=0, atol=1e-5)


def test_the_dependency_tree_counts_only_where_the_configuration_says_so() -> None:
    plain, parsed = make_batch([[labelled(1)]]), make_batch([[labelled(1, STAR)]])
    with torch.inference_mode():
        chain = system()
        torch.testing.assert_close(chain(plain).emotion, chain(parsed).emotion)
        tree = system("dependencies")
        assert not torch.allclose(tree(plain).emotion, tree(parsed).emotion, atol=1e-5)
        torch.testing.assert_close(chain(plain).emotion, tree(plain).emotion)


def test_a_post_without_a_tree_keeps_its_chain_beside_a_post_with_one() -> None:
    own = system("dependencies")
    with torch.inference_mode():
        alone = own(make_batch([[labelled(1)]])).emotion
        beside = own(make_batch([[labelled(1)], [labelled(2, STAR)]])).emotion
    torch.testing.assert_close(beside[:1], alone, rtol=0, atol=1e-5)


def test_edges_join_both_ways_and_a_step_never_to_itself() -> None:
    mask = torch.tensor([[True, True, True], [True, True, False]])
    edges = np.array([(0, 2), (2, 2)], np.int16)
    graph = edge_adjacency([edges, None], mask)
    assert graph[0].tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    torch.testing.assert_close(graph[1], chain_adjacency(mask)[1])


def test_edges_of_other_token_vectors_are_refused() -> None:
    batch = make_batch([[labelled(1, STAR, text=4)]])
    with pytest.raises(ModelError, match="a post of 4 steps; they belong to other token vectors"):
        system("dependencies")(batch)


def test_the_stream_preset_never_looks_ahead_through_the_interface() -> None:
    torch.manual_seed(0)
    own = build_system("tmsam", tiny("stream")).eval()
    before = [labelled(1), labelled(2, text=3)]
    with torch.inference_mode():
        whole = own(make_batch([[*before, labelled(3), labelled(4, audio=2)]]))
        cut = own(make_batch([before]))
    torch.testing.assert_close(whole.sentiment[:, :2], cut.sentiment, rtol=0, atol=1e-5)
    torch.testing.assert_close(whole.emotion[:, :2], cut.emotion, rtol=0, atol=1e-5)


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(ModelError, match="unknown system 'oracle'; known: tmsam, msa, absa, lstm"):
        build_system("oracle", tiny("default"))  # type: ignore[arg-type]


def test_widths_of_no_feature_set_make_a_custom_configuration() -> None:
    stream = PRESETS["stream"]
    assert stream.with_widths(WIDTHS) is stream
    large = stream.with_widths((768, 8, 35))
    assert (large.feature_set, large.widths, large.causal) == ("custom", (768, 8, 35), True)
    assert TmsamSystem(large.model_copy(update={"post_width": 8})).network.text.width == 768


@pytest.mark.parametrize(
    "fields",
    [{"feature_set": "custom"}, {"input_widths": (1, 2, 3)}],
)
def test_custom_and_input_widths_go_together(fields: dict[str, object]) -> None:
    stream = PRESETS["stream"]
    with pytest.raises(ValueError, match="input_widths belong to the feature set 'custom'"):
        type(stream).model_validate({**stream.model_dump(), **fields})
