"""Opens the answers of `ponds.sbi` with ArviZ, by each engine that is there, and compares them with the tables."""

import csv
import importlib.util

import arviz as az
import numpy as np


def table(query):
    """The columns of a query's draws.csv by their names."""
    with open(f"ponds.out/{query}/draws.csv", newline="") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header, np.array(rows, dtype=float).T))


def check(engine):
    whole = az.from_netcdf("ponds.out/whole/draws.nc", engine=engine)
    csv = table("whole")
    posterior, observed = whole["posterior"], whole["observed_data"]
    assert posterior["size"].dims == ("chain", "draw", "pond")
    assert posterior["w"].dims == ("chain", "draw", "pond", "draw_2")
    assert posterior["size"].dtype == posterior["chain_2"].dtype == float
    assert (posterior["chain_2"].values[0] == csv["chain"]).all()
    for pond in 1, 2, 3:
        assert (posterior["size"].sel(pond=pond).values[0] == csv[f"size[{pond}]"]).all()
        for draw in 1, 2:
            assert (posterior["w"].sel(pond=pond, draw_2=draw).values[0] == csv[f"w[{pond},{draw}]"]).all()
    assert posterior["size"].attrs == {"units": "mm"}
    assert posterior["w"].attrs == {}
    assert posterior["chain_2"].attrs == {"units": "day", "long_name": "How long a flea of Ångström lives."}
    assert whole.attrs["inference_library"] == posterior.attrs["inference_library"] == "sbi"
    assert (whole.attrs["model"], whole.attrs["query"], int(whole.attrs["seed"])) == ("ponds", "whole", 7)

    assert (observed["length"].values == [1, 2, 3]).all() and float(observed["total"]) == 4
    assert (observed["seen"].sel(day=[0.25, 0.5]).values == [1.5, 2.5]).all()
    assert np.isnan(observed["seen"].sel(day=[0, 0.75, 1]).values).all()
    assert observed["day"].attrs == {"units": "day"}

    summary = az.summary(whole)
    assert sorted(label.replace(" ", "") for label in summary.index) == sorted(
        name.replace("chain", "chain_2") for name in csv
    )
    means = az.summary(whole, kind="stats", round_to=10)["mean"].astype(float)
    np.testing.assert_allclose(means["size[2]"], csv["size[2]"].mean(), rtol=1e-6)

    parts, csv = az.from_netcdf("ponds.out/parts/draws.nc", engine=engine)["posterior"], table("parts")
    assert (parts["size"].sel(pond=3).values[0] == csv["size[3]"]).all()
    assert (parts["w"].sel(w_element="2,1").values[0] == csv["w[2,1]"]).all()
    assert (parts["seen"].sel(day=0.75).values[0] == csv["seen[4]"]).all()

    az.summary(az.from_netcdf("ponds.out/nothing_given/draws.nc", engine=engine))


engines = [
    name for name, module in (("h5netcdf", "h5py"), ("netcdf4", "netCDF4")) if importlib.util.find_spec(module)
]
for engine in engines:
    check(engine)
print("ok", az.__version__, engines)
