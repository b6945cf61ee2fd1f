"""Coordinates as people write them: every form is read to the metre, and nothing that can be read two ways is read at all."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import NotUnderstood, Position
from detente.geodesy import read_position, read_position_with_notes, wgs84
from detente.geodesy.read_back import mgrs, position_forms, voice

HMEIMIM_SIDE = Position(35.2, 35.8)

the_same_place = [
    "35.2N 35.8E", "35.2 35.8", "35.2, 35.8", "35.2,35.8", "+35.2 +35.8", "35,2 N; 35,8 E", "35,2; 35,8", "35,2, 35,8", "35.2°N, 35.8°E",
    "N35.2 E35.8", "35.8E 35.2N", "E 35.8, N 35.2", "35°12′00″N 35°48′00″E", "35º12'00''N 35º48'00''E", "35° 12' 0\" N, 35° 48' 0\" E",
    "N 35 12 00 E 35 48 00", "35 12 00 N 35 48 00 E", "35 12 00 35 48 00", "35°12'N 35°48'E", "35°12.0'N, 35°48.00'E", "35 12.0 N 35 48.0 E",
    "351200N 0354800E", "351200N0354800E", "3512N03548E", "351200.0N0354800.0E", "geo:35.2,35.8", "GEO:35.2,35.8;u=10", "+35.2+035.8/",
    "+3512+03548/", "+351200+0354800/", "lat 35.2 lon 35.8", "Latitude: 35.2 Longitude: 35.8", "35.2 north, 35.8 east", "WGS84 35.2N 35.8E",
    "Longitude: 35.8 Latitude: 35.2", "lon 35.8, lat 35.2", "LON=E35.8 LAT=N35.2", "35d12m0sN 35d48m0sE", "N35d12m E35d48m", "35d12m0s 35d48m0s",
    "35:12:00N 035:48:00E", "35-12-00N 035-48-00E", "35–12–00N 035–48–00E", "35°-12'-00\"N 35°-48'-00\"E", "35-12-00 N, 035-48-00 E", "N35-12 E035-48", "N3512 E03548", "N3512.0E03548.0", "N351200 E0354800", "35,2° с. ш. 35,8° в. д.",
    "35.2 nord 35.8 ost", "35.2 norte, 35.8 este", "٣٥.٢N ٣٥.٨E", "geo:35.2,35.8,120", "geo:35.2,35.8;crs=wgs84", "35.2, 35.8 EPSG:4326", "+35.2+035.8+120CRSWGS_84/",
    "36S 0754916 3898815", "UTM zone 36S E754916 N3898815", "36S 754916mE 3898815mN", "35.2N 35.8E.",
    "35.2 N / 35.8 E", "35°12’00”N 35°48’00”E", "35.2С 35.8В", "35 deg 12 min 0 sec N 35 deg 48 min 0 sec E",
]  # fmt: skip


@pytest.mark.parametrize("text", the_same_place)
def test_one_place_written_many_ways_is_one_place(text):
    assert apart_m(read_position(text), HMEIMIM_SIDE) < (0.5 if "36S" in text else 0.01)


refused = {
    "": "not a coordinate",
    "north of Latakia": "not a coordinate",
    "35.2N 35.8N": "one of N or S and one of E or W",
    "35.2N N 35.8E": "not a coordinate",
    "N35.2S 35.8E": "not a coordinate",
    "-35.2N 35.8E": "both a sign and a hemisphere letter",
    "35°75'N 35°12'E": "not below 60",
    "35°12'75\"N 35°12'00\"E": "not below 60",
    "35.5°12'N 35°48'E": "fraction before its last part",
    "95 20": "swapped",
    "35.2 200": "outside -180 to 180",
    "91.0N 35.8E": "outside -90 to 90",
    "ED50 35.2N 35.8E": "ED50, not WGS 84",
    "Pulkovo 1942 35.2N 35.8E": "not WGS 84",
    "35.2N 35.8E (NAD27)": "NAD27",
    "37SBV520": "3 digits",
    "3512N0354800E": "different precision",
    "37M 252000 3900000": "does not lie in latitude band M",
    "99S 252000 3900000": "zone 1 to 60",
    "35,2": "commas may be decimal marks or stand between numbers",
    "35,2,35,8": "commas may be decimal marks or stand between numbers",
    "35.2N 35.8O": "east in German .* and west in French",
    "lat 35.2 lat 35.8": "labelled LAT twice",
    "lat 35.8E lon 35.2N": "disagree",
    "35:12:30 35:48:15": "not a coordinate",
    "2018-09-17 18:39": "not a coordinate",
    "35d12m30S 35d48m15E": "one of N or S",
    "geo:35.2,35.8;crs=epsg:4230": "epsg:4230, not WGS 84",
    "geo:35.2,35.8;crs=moon": "MOON, not WGS 84",
    "+35.2+035.8CRSNAD27_2/": "NAD27",
    "WGS 72 35.2N 35.8E": "WGS 72, not WGS 84",
    "36SYD123456123456": "6 digits each way",
    "35.2N 35.8E" + " " * 200: "200 characters",
    "1" + " " * 100_000: "200 characters",
    "nan nan": "not a coordinate",
    "inf 35": "not a coordinate",
}


@pytest.mark.parametrize("text", refused)
def test_what_cannot_be_read_without_guessing_is_refused_with_the_reason(text):
    with pytest.raises(NotUnderstood, match=refused[text]):
        read_position(text)


def test_latitude_first_without_letters_is_announced():
    assert read_position_with_notes("35.2 35.8").notes == (
        "no hemisphere letters: read as latitude, longitude; north and east positive",
    )
    assert read_position_with_notes("35.2N 35.8E").notes == ()


def test_an_mgrs_square_is_read_at_its_middle_and_says_how_large_it_is():
    reading = read_position_with_notes("36SYD5498")
    assert reading.precision_m == 500.0
    assert (
        mgrs(reading.position).startswith("36S YD 54500 98500")
        or apart_m(reading.position, read_position("36S YD 54500 98500")) < 2
    )


def test_s_after_a_utm_zone_is_a_latitude_band_and_says_so():
    assert read_position_with_notes("36S 754916 3898815").notes == (
        "S read as the latitude band 32 to 40, not as the southern hemisphere",
    )
    assert read_position_with_notes("37N 252000 500000").notes == ()  # band N lies in the northern hemisphere


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("35.20000N 36E", 55_850), ("36E 35.20000N", 55_850), ("3512N03548E", 931), ("3512.5N03548E", 931), ("351200N0354800.25E", 15.5),
        ("+3512+03548/", 931), ("+35+036/", 55_850), ("+3512.5+03548.5/", 93.1), ("geo:35.20000,35.80000;u=500", 500), ("37SBV5208", 500),
        ("36SYD5491598814", 0.5), ("36S 754916 3898815", 0.5),
    ],
)  # fmt: skip
def test_the_coarser_of_the_two_says_how_precise_the_writing_is(text, metres):
    assert read_position_with_notes(text).precision_m == pytest.approx(metres, rel=0.01)


def test_a_height_beside_a_position_is_left_out_aloud():
    for text in ("geo:35.2,35.8,120", "+35.2+035.8+120CRSWGS_84/"):
        assert "is not read" in read_position_with_notes(text).notes[0]


@pytest.mark.parametrize("text", ["Lat 35.2 Lon 35.8", "lon 35.8 lat 35.2", "Latitude: 35.2 Longitude: 35.8"])
def test_labels_leave_nothing_taken_for_granted(text):
    assert read_position_with_notes(text).notes == ()


def test_a_southern_utm_position_named_only_south_is_refused():
    with pytest.raises(NotUnderstood, match="latitude band S"):
        read_position("36S 500000 6000000")


latitudes = st.one_of(
    st.floats(-90, 90), st.sampled_from([0.0, -0.0, 59.9999999, -33.999999999, 1e-9, -1e-9, 89.9999999, 90.0, -90.0])
)
longitudes = st.one_of(
    st.floats(-180, 180), st.sampled_from([0.0, 180.0, -180.0, 179.999999999, -179.9999999, 5.99999999999, 35.0])
)
GOOD_TO_M = {"DD": 0.2, "DDM": 0.3, "DMS": 0.5, "ICAO": 25.0, "MGRS": 1.5, "UTM": 1.5}


@settings(max_examples=300, deadline=None)
@given(latitudes, longitudes)
def test_what_is_read_back_is_read_again_as_the_same_place(lat, lon):
    here = Position(lat, lon)
    for name, form in position_forms(here).items():
        if name != "voice":
            assert apart_m(read_position(form), here) < GOOD_TO_M[name], (name, form)


@settings(max_examples=300)
@given(latitudes, longitudes)
def test_rounding_never_prints_sixty(lat, lon):
    forms = position_forms(Position(lat, lon))
    assert "60." not in forms["DMS"].replace("°60", "")
    assert "′60" not in forms["DMS"]
    assert "°60" not in forms["DMS"] + forms["DDM"]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    with suppress(NotUnderstood):
        read_position(text)


def test_the_voice_says_every_sign():
    assert voice("3512N") == "three five one two November"


def apart_m(p, q):
    return float(wgs84.inverse(p.latitude_deg, p.longitude_deg, q.latitude_deg, q.longitude_deg)[1])


@pytest.mark.parametrize("text", ["37S ED 50353 31603", "37SED50", "MGRS 01N ED 50353 31603", "37S ED 79000 50000"])
def test_a_square_named_like_a_datum_is_a_square(text):
    assert read_position_with_notes(text).form == "MGRS"


@pytest.mark.parametrize("text", ["36SYE 3000 2000 ED50", "36S 755269 3899750 ED 50"])
def test_a_grid_reference_in_another_datum_is_refused(text):
    with pytest.raises(NotUnderstood, match="not WGS 84"):
        read_position(text)


@settings(max_examples=200, deadline=None)
@given(st.integers(-10, 9), st.floats(0.1, 7.9), st.integers(0, 59), st.floats(0.1, 5.9))
def test_a_square_read_and_said_again_is_the_same_square(band, north, zone, east):
    """Away from the seams: there the middle of a square may lie in the zone or band beside it."""
    square = mgrs(Position(8.0 * band + north, 6.0 * zone - 180 + east))
    assert mgrs(read_position(square)) == square


def test_a_square_of_a_metre_is_read_at_its_middle():
    corner, middle = read_position("36S 754915 3898814"), read_position("36SYD5491598814")
    assert apart_m(corner, middle) == pytest.approx(0.7071, abs=0.01)
