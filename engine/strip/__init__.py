"""The strip: one compiled function that plays a block, and its one record of state."""
