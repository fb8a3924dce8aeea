import torch

# Nets this small are faster on one thread, the more so beside other work.
torch.set_num_threads(1)
