//! Codes whose listed definition is not to be trusted.

/// First and last codes of ranges, ascending, whose definition in `crs-definitions` puts points of
/// the system's own area 5 m or more away from every operation that PROJ 9.5.1 offers, or nowhere.
///
/// Half a pixel of 10 m is where a field starts to take on its neighbour's values. Found by comparing
/// three points of each of the 5,302 systems that can be computed; 4,782 agree to a millimetre.
const RANGES: &[(u32, u32)] = &[
    (2042, 2042),
    (2045, 2045),
    (2065, 2065),
    (2082, 2082),
    (2209, 2212),
    (2322, 2325),
    (2401, 2401),
    (2406, 2411),
    (2414, 2422),
    (2427, 2432),
    (2435, 2442),
    (2492, 2493),
    (2550, 2550),
    (2979, 2979),
    (2983, 2984),
    (3066, 3066),
    (3146, 3147),
    (3176, 3176),
    (3302, 3303),
    (3305, 3305),
    (3752, 3752),
    (3833, 3833),
    (3837, 3838),
    (3893, 3893),
    (3973, 3975),
    (3986, 3986),
    (3989, 3989),
    (4055, 4055),
    (4125, 4125),
    (4161, 4161),
    (4233, 4233),
    (4260, 4260),
    (4264, 4264),
    (4287, 4287),
    (4291, 4291),
    (4294, 4294),
    (4307, 4307),
    (4317, 4317),
    (4631, 4631),
    (4635, 4635),
    (4645, 4645),
    (4688, 4689),
    (4691, 4691),
    (4731, 4731),
    (4805, 4811),
    (4816, 4816),
    (4818, 4819),
    (5221, 5221),
    (5463, 5463),
    (5513, 5513),
    (5520, 5520),
    (5631, 5631),
    (5670, 5671),
    (5680, 5680),
    (6200, 6200),
    (6871, 6871),
    (6989, 6997),
    (7400, 7400),
    (20248, 20248),
    (20348, 20348),
    (20357, 20358),
    (20822, 20822),
    (21416, 21417),
    (21420, 21423),
    (21456, 21457),
    (21460, 21463),
    (21476, 21477),
    (21480, 21483),
    (21817, 21817),
    (22700, 22700),
    (23037, 23038),
    (23853, 23853),
    (23886, 23886),
    (23946, 23946),
    (24305, 24306),
    (24375, 24375),
    (24718, 24718),
    (24882, 24882),
    (26195, 26195),
    (26432, 26592),
    (27037, 27038),
    (28402, 28403),
    (28462, 28463),
    (29100, 29100),
    (29118, 29122),
    (29177, 29187),
    (29220, 29220),
    (30729, 30730),
    (30732, 30732),
    (31267, 31268),
    (31277, 31283),
    (31288, 31293),
    (31461, 31461),
    (31700, 31700),
];

/// Definitions that replace the listed ones.
///
/// EPSG:3844: the list gives the rotations of a coordinate frame (EPSG:15995) where the notation
/// means those of a position vector, 49 m apart in Romania.
const CORRECTED: &[(u32, &str)] = &[(
    3844,
    "+proj=sterea +lat_0=46 +lon_0=25 +k=0.99975 +x_0=500000 +y_0=500000 +ellps=krass \
     +towgs84=2.329,-147.042,-92.08,-0.309,0.325,0.497,5.69 +units=m +no_defs",
)];

/// Whether a code's listed definition is known to be wrong.
pub(super) fn is_disputed(epsg: u32) -> bool {
    RANGES
        .iter()
        .any(|&(first, last)| (first..=last).contains(&epsg))
}

/// The definition to use instead of the listed one.
pub(super) fn corrected(epsg: u32) -> Option<&'static str> {
    CORRECTED
        .iter()
        .find_map(|&(code, definition)| (code == epsg).then_some(definition))
}
