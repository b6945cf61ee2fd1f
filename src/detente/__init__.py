"""détente: the open-source deconfliction channel."""
