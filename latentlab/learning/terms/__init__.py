"""Terms of the loss beside reconstruction and KL, one file each."""
