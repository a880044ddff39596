"""A BERT of one small layer with fresh weights, as a folder that an encoder is read from."""

from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

from tests.unit.models.tuning.tiny_encoder import WORDS


def write_tiny_bert(folder: Path, width: int = 384) -> Path:
    """Write `config.json`, `model.safetensors` and `tokenizer.json`; the folder."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=width,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=32,
        max_position_embeddings=128,
        pad_token_id=0,
    )
    model = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    model.save_pretrained(folder)
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(name, WORDS[name]) for name in ("[CLS]", "[SEP]")]
    )
    tokenizer.enable_padding(length=16)  # as published tokenizers have it
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
