"""The served side: the sequencer, and the doors through which parties reach it."""
