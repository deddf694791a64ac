"""Files of places: what is read, what is refused by name, and the words for a position."""

import json
from pathlib import Path

import pytest

from dispatch.places.book import Area, Known, PlaceBook
from dispatch.places.reading import BadPlaces, read
from dispatch.places.service import load
from gateway.model.errors import ConfigError
from samband.config import DEMO_CAMERAS, NEIGHBOURS, demo_config, load_config


def feature(shape: str, coordinates: object, **properties: object) -> dict[str, object]:
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def geojson(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


SQUARE = [[18.0, 59.0], [18.01, 59.0], [18.01, 59.01], [18.0, 59.01], [18.0, 59.0]]


def test_csv_with_any_of_the_usual_headers() -> None:
    rows = "Name;Latitude;Lon;Kind;Address;Polygon\nKyrkan;59,5;18,5;church;Torget 1;\n"
    rows += "Parken;59.0;18.0;park;;59.0,18.0 59.1,18.0 59.1,18.1\n\n"
    church, park = read(b"\xef\xbb\xbf" + rows.encode(), "p.csv").places
    assert (church.name, church.latitude_deg, church.address) == ("Kyrkan", 59.5, "Torget 1")
    assert len(park.polygon) == 3
    assert read(b"namn\tlat\tlng\nA\t1\t2\n", "p.tsv").places[0].longitude_deg == 2


def test_geojson_gives_places_and_lines_for_the_map() -> None:
    data = geojson(
        feature("Point", [18.06, 59.33], name="Kajgatan 4", kind="address"),
        feature("LineString", [[18.0, 59.0], [18.1, 59.0]], name="Storgatan", kind="road"),
        feature("Polygon", [SQUARE], name="Parken", kind="park"),
        feature("MultiPolygon", [[SQUARE]], kind="water"),
    )
    found = read(data, "p.geojson")
    assert [place.name for place in found.places] == ["Kajgatan 4", "Parken"]
    assert [(shape.kind, shape.closed) for shape in found.shapes] == [
        ("road", False),
        ("park", True),
        ("water", True),
    ]
    assert found.places[0].id == read(data, "p.geojson").places[0].id, "an id stays"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"name,lat\nA,1\n", "line 1: no column lon"),
        (b"name,lat,lon\nA,91,2\n,1,2\nB,1,x\n", "line 2: lat: expected -90 to 90, got '91'"),
        (b"name,lat,lon\n,1,2\n", "line 2: name is empty"),
        (b"name,lat,lon,polygon\nA,1,2,1;2\n", "line 2: polygon: expected lat,lon pairs"),
        (b"name,lat,lon,id\nA,1,2,x\nB,1,2,x\n", "id 'x' stands twice"),
        (b"name,lat,lon\nA,nan,2\n", "got 'nan'"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b"{", "no JSON"),
        (b'{"type": "Feature"}', "expected a GeoJSON FeatureCollection"),
        (geojson(feature("Point", [18.0, 91.0], name="A")), "feature 1: expected [longitude"),
        (geojson(feature("Point", [18.0, 59.0])), "feature 1: a point without a name"),
        (geojson(feature("Circle", [1])), "feature 1: expected Point, LineString or Polygon"),
        (geojson(feature("LineString", [[1, 2], "x"])), "feature 1: expected Point"),
        (geojson({"type": "Feature"}), "feature 1: no geometry"),
    ],
)
def test_bad_rows_are_named(data: bytes, words: str) -> None:
    with pytest.raises(BadPlaces) as told:
        read(data, "places")
    assert words in str(told.value)


def test_many_faults_are_counted() -> None:
    rows = "name,lat,lon\n" + "A,x,1\n" * 25
    with pytest.raises(BadPlaces, match="and 15 more"):
        read(rows.encode(), "p.csv")


def book() -> PlaceBook:
    made = PlaceBook(
        read(
            geojson(
                feature("Point", [18.06, 59.33], name="Kajgatan 4", kind="address"),
                feature("Polygon", [SQUARE], name="Parken", kind="park"),
            ),
            "p",
        )
    )
    made.set_known(
        [
            Known(words="camera H-03", latitude_deg=60.0, longitude_deg=18.0),
            Known(words="camera X-1", latitude_deg=60.0, longitude_deg=18.0, group="hidden"),
        ],
        [Area(words="the area of NORD", polygon=((70, 10), (70, 20), (71, 20)), talkgroup="n/1")],
    )
    return made


def test_a_position_in_words() -> None:
    places = book()
    assert places.words(59.33, 18.06) == "Kajgatan 4"
    assert places.words(59.33036, 18.06) == "Kajgatan 4, 40 m"
    assert places.words(59.33036, 18.06, 25) == "Kajgatan 4, 40 m, ± 25 m"
    assert places.words(59.005, 18.005) == "in Parken"
    assert places.words(60.00114, 18.0023, 30) == "180 m north-east of camera H-03, ± 30 m"
    assert places.words(70.2, 14.0) == ""
    assert places.words(70.8, 11.0, talkgroups=["n/1"]) == ""
    assert places.words(70.5, 19.0, talkgroups=["n/1"]) == "in the area of NORD"
    assert places.words(0, 0) == ""
    hidden = PlaceBook()
    hidden.set_known([Known(words="camera X", latitude_deg=1, longitude_deg=1, group="g")])
    assert hidden.words(1, 1) == ""
    assert hidden.words(1, 1, groups=["g"]) == "at camera X"
    assert hidden.words(1, 1, groups=None) == "at camera X"


def test_search_takes_all_words_and_names_first() -> None:
    rows = "name,lat,lon,address\nStation,1,1,Kajgatan 9\nKajgatan 4,1,2,\nMat,1,3,\n"
    places = PlaceBook(read(rows.encode(), "p.csv"))
    assert [one.name for one in places.search("kaj")] == ["Kajgatan 4", "Station"]
    assert [one.name for one in places.search("KAJ 9")] == ["Station"]
    assert places.search("") == []
    found = places.search("kaj", 1)[0]
    assert places.place(found.id) == found
    assert places.place("none") is None


def test_a_bad_file_stops_the_start_with_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("name,lat,lon\nA,1,181\n")
    config = tmp_path / "samband.toml"
    config.write_text(f'[places]\nfile = "{file}"\n')
    with pytest.raises(ConfigError) as told:
        load_config(config)
    assert "line 2: lon: expected -180 to 180, got '181'" in str(told.value.faults)
    config.write_text('[places]\nfile = "/nowhere.csv"\n')
    with pytest.raises(ConfigError) as told:
        load_config(config)
    assert "No such file" in str(told.value.faults)


def test_the_demo_s_town_names_its_cameras_places(tmp_path: Path) -> None:
    file = demo_config(tmp_path, 1, cameras=True).places.file
    town = PlaceBook(load(file))
    cameras = {camera.id: camera for camera in DEMO_CAMERAS}
    assert set(NEIGHBOURS) <= set(cameras)
    kajen = cameras["cam-0412"]
    assert town.words(kajen.latitude_deg or 0, kajen.longitude_deg or 0) == "Kajgatan 4"
