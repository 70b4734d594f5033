"""The benchmark behind `taquilla bench`: what is measured, side by side in one run."""
