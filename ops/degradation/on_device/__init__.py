"""Ageing of whole batches as tensors, wherever they lie. The frozen pairs are made by the numpy form beside."""
