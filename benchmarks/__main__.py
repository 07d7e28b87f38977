"""All measurements, one table after the other: `make bench`."""

from benchmarks import ageing_forms, any_size, fresh_pairs, restoration_speed

if __name__ == "__main__":
    fresh_pairs.main()
    ageing_forms.main()
    restoration_speed.main()
    any_size.main((1, 4, 16))
