"""What every store promises: inherited by the tests of each."""
