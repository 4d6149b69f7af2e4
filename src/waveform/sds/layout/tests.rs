//! Names of day files, as they are written and read.

use proptest::prelude::*;

use super::*;

proptest! {
    /// What an archive or a bucket calls its files: any name, and names of a right form.
    #[test]
    fn a_name_is_of_the_stream_and_day_that_it_tells(
        name in r"\PC{0,24}|[A-Z-]{0,3}\.[A-Z0-9]{0,6}\.[0-9-]{0,3}\.[A-Z]{0,4}\.D\.[0-9]{3,5}\.[0-9]{2,4}|[A-Z]{2}[A-Z0-9_]{5}[A-Z]{3}[0-9_]{2}_[0-9]{7}\.ms",
    ) {
        for layout in Layout::ALL {
            let Some(file) = layout.day_file(Path::new("x").join(&name)) else { continue };
            let names = layout.names_of(&file.stream, file.day);
            prop_assert!(names.contains(&name), "{layout} {name:?}: {names:?}");
        }
    }
}

#[test]
fn each_layout_names_files_as_it_reads_them() {
    let day = NaiveDate::from_yo_opt(2022, 2).unwrap();
    let of = |layout: Layout, codes: [&str; 4], expected: &str| {
        let [net, sta, loc, cha] = codes;
        let stream = Nslc::new(net, sta, loc, cha).unwrap();
        let name = layout.names_of(&stream, day).remove(0);
        let path = layout.folder_of(Path::new("r"), &stream, day).join(name);
        assert_eq!(path, Path::new(expected));
        let file = layout.day_file(path.clone()).unwrap();
        assert_eq!((&file.stream, file.day), (&stream, day));
        assert!(layout.is_in_place(Path::new("r"), &file));
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(&layout.start_of(stream.network(), stream.station())));
    };
    // Names as they stand in the tests of NoisePy, and on NCEDC's page.
    let scedc = "r/2022/2022_002/CIFOX2_LHZ___2022002.ms";
    of(Layout::Scedc, ["CI", "FOX2", "", "LHZ"], scedc);
    let scedc = "r/2022/2022_002/BKTHIS_LHZ00_2022002.ms";
    of(Layout::Scedc, ["BK", "THIS", "00", "LHZ"], scedc);
    let ncedc = "r/NC/2022/2022.002/KBG.NC.HHZ..D.2022.002";
    of(Layout::Ncedc, ["NC", "KBG", "", "HHZ"], ncedc);
    let ncedc = "r/BK/2022/2022.002/MERC.BK.HNZ.00.D.2022.002";
    of(Layout::Ncedc, ["BK", "MERC", "00", "HNZ"], ncedc);
    let sds = "r/2022/GS/OK029/HHZ.D/GS.OK029.00.HHZ.D.2022.002";
    of(Layout::Sds, ["GS", "OK029", "00", "HHZ"], sds);
    for name in [
        "CIFOX2_LHZ___2022367.ms",
        "CIFOX2_LHZ__2022002.ms",
        "CI../.._LHZ___2022002.ms",
        "__FOX2_LHZ___2022002.ms",
        "CIFOX2_LHZ___2022002",
        "CIFOX2_L\u{c4}Z__2022002.ms",
    ] {
        assert!(Layout::Scedc.day_file(name.into()).is_none(), "{name}");
    }
    for name in [
        "KBG.NC.HHZ.D.2022.002",
        "KBG..HHZ..D.2022.002",
        "K_G.NC.HHZ..D.2022.002",
    ] {
        assert!(Layout::Ncedc.day_file(name.into()).is_none(), "{name}");
    }
}

#[test]
fn a_day_file_is_known_by_its_name() {
    let file = DayFile::of("x/GS.OK029..HHZ.D.2014.047".into()).unwrap();
    assert_eq!(file.stream.to_string(), "GS.OK029..HHZ");
    assert_eq!(file.day.to_string(), "2014-02-16");
    let dashes = DayFile::of("x/GS.OK029.--.HHZ.D.2014.047".into()).unwrap();
    assert_eq!(dashes.stream, file.stream);
    let blanks = DayFile::of("x/GS.OK029.  .HHZ.D.2014.047".into()).unwrap();
    assert_eq!(blanks.stream, file.stream);
    for name in [
        "GS.OK029. .HHZ.D.2014.047",
        "GS. OK029..HHZ.D.2014.047",
        "GS.OK029.00.HHZ.D.2014.400",
        "GS.OK029.HHZ.D.2014.047",
        "ledger.csv",
        "GS.../../evil.00.HHZ.D.2014.047",
        "GS.OK029.00.HH\n.D.2014.047",
        ".OK029.00.HHZ.D.2014.047",
        "GS.OK029.00.HHZ.D.262142.365",
        "GS.OK029.00.HHZ.D.-1.365",
        "GS.OK029.00.HHZ.D.2014.47",
        "GS.OK029.00.HHZ.D.2014.+47",
        "GS.OK029.00.HHZ.D.02014.047",
    ] {
        assert!(DayFile::of(name.into()).is_none(), "{name}");
    }
}
