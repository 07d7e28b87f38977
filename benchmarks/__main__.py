"""All measurements, one table after the other: `make bench`."""

from benchmarks import any_size, fresh_pairs, restoration_speed

if __name__ == "__main__":
    fresh_pairs.main()
    restoration_speed.main()
    any_size.main((1, 4, 16))
