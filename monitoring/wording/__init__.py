"""The words in which rules, values, levels and states are told to people, in Chinese and English."""
