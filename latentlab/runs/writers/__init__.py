"""Writers that copy the losses of a run to other programs, one file each."""
