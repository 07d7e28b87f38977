"""Networks: tensors in, tensors out. Each file is a frozen configuration and an ``nn.Module``."""
