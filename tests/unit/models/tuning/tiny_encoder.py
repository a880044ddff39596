"""An encoder of a few numbers, with a tokenizer of whole words."""

from types import SimpleNamespace

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import Tensor, nn

from models.tuning.reading import Reader, Reading

WIDTH = 6
WORDS = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3, "good": 4, "bad": 5, "day": 6, "night": 7}


class TinyEncoder(nn.Module):
    """Embeddings, and each token hears the mean of its sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(len(WORDS), WIDTH)
        self.layer = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        states = self.embeddings(input_ids)  # [R, L, WIDTH]
        weight = attention_mask[:, :, None].float()  # [R, L, 1]
        for layer in self.layer:
            mean = (states * weight).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True)
            states = torch.tanh(layer(states + mean))  # [R, L, WIDTH]
        return SimpleNamespace(last_hidden_state=states)


def tiny_reader(reading: Reading, context: int = 6) -> Reader:
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    return Reader(tokenizer, reading, first=1, separator=2, padding=0, context=context)
