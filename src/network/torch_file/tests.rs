//! Saved weights as PyTorch writes them, and as nobody should.

use proptest::prelude::*;

use super::*;

/// What a zip archive of stored entries is, by hand.
fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut central) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let (at, n) = (bytes.len() as u32, data.len() as u32);
        let mut head = Vec::new();
        head.extend([0_u16; 3].map(u16::to_le_bytes).concat());
        head.extend([0_u8; 4]);
        head.extend([crc.sum(), n, n].map(u32::to_le_bytes).concat());
        head.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
        bytes.extend(0x0403_4b50_u32.to_le_bytes());
        bytes.extend(&head);
        bytes.extend(name.as_bytes());
        bytes.extend(*data);
        central.extend(0x0201_4b50_u32.to_le_bytes());
        central.extend([0, 0]);
        central.extend(&head);
        central.extend([0_u8; 10]);
        central.extend(at.to_le_bytes());
        central.extend(name.as_bytes());
    }
    let (at, n) = (bytes.len() as u32, entries.len() as u16);
    bytes.extend(&central);
    bytes.extend(0x0605_4b50_u32.to_le_bytes());
    bytes.extend([0, 0, n, n].map(u16::to_le_bytes).concat());
    bytes.extend([central.len() as u32, at].map(u32::to_le_bytes).concat());
    bytes.extend([0, 0]);
    bytes
}

/// The pickle of one tensor `w`, as `torch.save` writes it.
fn pickled(storage: &str, n_values: i32, offset: i32, shape: &[i32], strides: &[i32]) -> Vec<u8> {
    let int = |n: &i32| [&b"J"[..], &n.to_le_bytes()].concat();
    let text = |text: &str| {
        [
            b"X".as_slice(),
            &(text.len() as u32).to_le_bytes(),
            text.as_bytes(),
        ]
        .concat()
    };
    let tuple = |items: &[i32]| {
        [
            b"(".to_vec(),
            items.iter().flat_map(int).collect(),
            b"t".to_vec(),
        ]
        .concat()
    };
    [
        b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec(),
        text("w"),
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        text("storage"),
        format!("ctorch\n{storage}\n").into_bytes(),
        text("0"),
        text("cpu"),
        int(&n_values),
        b"tQ".to_vec(),
        int(&offset),
        tuple(shape),
        tuple(strides),
        b"\x89ccollections\nOrderedDict\n)RtRu.".to_vec(),
    ]
    .concat()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn of(pickle: &[u8], data: &[u8]) -> std::result::Result<StateDict, String> {
    state_dict(&zipped(&[("m/data.pkl", pickle), ("m/data/0", data)]))
}

fn why(pickle: &[u8]) -> String {
    of(pickle, &floats(&[1.0; 6])).unwrap_err()
}

#[test]
fn strides_and_offsets_give_rows() {
    let data = floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let dict = of(&pickled("FloatStorage", 7, 1, &[3, 2], &[1, 3]), &data).unwrap();
    let expected = SavedTensor {
        shape: vec![3, 2],
        values: Values::Floats(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]),
    };
    assert_eq!(dict["w"], expected);
    // One number, and none.
    let dict = of(&pickled("FloatStorage", 7, 2, &[], &[]), &data).unwrap();
    assert_eq!(dict["w"].values, Values::Floats(vec![2.0]));
    let dict = of(&pickled("FloatStorage", 7, 0, &[0, 4], &[9, 9]), &data).unwrap();
    assert_eq!(dict["w"].values, Values::Floats(vec![]));
}

#[test]
fn shapes_beyond_their_storage_are_refused() {
    for (n, offset, shape, strides) in [
        (6, 0, &[7][..], &[1][..]),
        (6, 6, &[], &[]),
        (6, 0, &[2, 3], &[4, 1]),
        (6, 0, &[2, 3], &[3]),
        (6, -1, &[2], &[1]),
        (6, 0, &[-2], &[1]),
        (6, 0, &[2], &[-1]),
        (7, 0, &[2], &[1]),
        (i32::MAX, 0, &[2], &[1]),
        // Sizes whose product wraps round, and one number shown two thousand million times.
        (6, 0, &[i32::MAX, i32::MAX, i32::MAX], &[0, 0, 0]),
        (6, 0, &[i32::MAX], &[0]),
        (6, 0, &[2, 2, 2, 2, 2, 2, 2, 2, 2], &[0; 9]),
    ] {
        let pickle = pickled("FloatStorage", n, offset, shape, strides);
        assert!(
            of(&pickle, &floats(&[1.0; 6])).is_err(),
            "{n} {offset} {shape:?}"
        );
    }
}

#[test]
fn names_and_instructions_are_not_run() {
    assert!(why(b"\x80\x02cos\nsystem\n(X\x02\0\0\0lstR.").contains("os system"));
    assert!(why(b"\x80\x02cbuiltins\neval\n.").contains("not looked up"));
    assert!(why(&pickled("FileStorage", 6, 0, &[2], &[1])).contains("FileStorage"));
    // INST, OBJ, NEWOBJ, STACK_GLOBAL, EXT1, PERSID, APPENDS, BINGET of nothing.
    for code in [
        b"(ios\nsystem\n.".as_slice(),
        b"(o.",
        b")\x81.",
        b"\x93.",
        b"\x82\x01.",
        b"P0\n.",
        b"(e.",
        b"h\x07.",
        b"t.",
        b"R.",
        b"(.",
        b"K\x01(0.",
        b"",
    ] {
        assert!(of(code, &[]).is_err(), "{code:?}");
    }
    assert!(why(b"\x80\x05K\x01.").contains("protocol 5"));
    assert!(why(b"\x80\x02K\x01.").contains("no dictionary"));
}

#[test]
fn nothing_walks_down_for_ever() {
    let deep = [
        b"\x80\x02)".to_vec(),
        vec![b'\x85'; 1_000_000],
        b".".to_vec(),
    ];
    assert!(why(&deep.concat()).contains("levels"));
    let dicts = [
        b"\x80\x02".to_vec(),
        b"}K\x01".repeat(20),
        b"N".to_vec(),
        b"s".repeat(20),
        b".".to_vec(),
    ];
    assert!(why(&dicts.concat()).contains("levels"));
    // Twice as large at each step, by one memory.
    let twice = [
        b"\x80\x02)".to_vec(),
        b"q\0h\0\x86".repeat(30),
        b".".to_vec(),
    ];
    assert!(why(&twice.concat()).contains("levels"));
}

#[test]
fn packed_doubled_and_damaged_entries_are_refused() {
    let pickle = pickled("FloatStorage", 6, 0, &[2, 3], &[3, 1]);
    let whole = zipped(&[("m/data.pkl", &pickle), ("m/data/0", &floats(&[1.0; 6]))]);
    assert!(state_dict(&whole).is_ok());
    let refused = |bytes: &[u8]| state_dict(bytes).unwrap_err();
    for n in 0..whole.len() {
        refused(&whole[..n]);
    }
    // The method of the first entry of the central directory.
    let central = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
    let mut packed = whole.clone();
    packed[central + 10] = 8;
    assert!(refused(&packed).contains("packed"));
    let mut damaged = whole.clone();
    let first = memchr::memmem::find(&whole, &floats(&[1.0; 6])).unwrap();
    damaged[first] ^= 1;
    assert!(refused(&damaged).contains("CRC-32"));
    let twice = zipped(&[("m/data.pkl", &pickle), ("m/data.pkl", &pickle)]);
    assert!(refused(&twice).contains("two entries"));
    let two = zipped(&[("m/data.pkl", &pickle), ("n/data.pkl", &pickle)]);
    assert!(refused(&two).contains("data.pkl"));
    let big = [
        ("m/data.pkl", &pickle[..]),
        ("m/byteorder", b"big"),
        ("m/data/0", &[0; 24]),
    ];
    assert!(refused(&zipped(&big)).contains("byte order"));
}

#[test]
fn old_files_and_other_files_are_told_apart() {
    let old = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    assert!(state_dict(old).unwrap_err().contains("before 1.6"));
    assert!(
        state_dict(b"\x89HDF\r\n")
            .unwrap_err()
            .contains("no zip archive")
    );
    assert!(state_dict(b"").unwrap_err().contains("no zip archive"));
}

/// `tests/reference/torch_weights.py` has saved it: every kind of number, a transposed tensor, one that shares its
/// storage, and a parameter.
#[test]
fn what_pytorch_has_saved_is_read() {
    let dict = state_dict(include_bytes!("../../../tests/reference/torch_weights.pt")).unwrap();
    let of = |name: &str| &dict[name];
    let floats = |shape: &[usize], values: &[f32]| SavedTensor {
        shape: shape.to_vec(),
        values: Values::Floats(values.to_vec()),
    };
    let integers = |shape: &[usize], values: &[i64]| SavedTensor {
        shape: shape.to_vec(),
        values: Values::Integers(values.to_vec()),
    };
    assert_eq!(of("float"), &floats(&[2, 2], &[0.0, 0.5, 1.0, 1.5]));
    assert_eq!(of("transposed"), &floats(&[2, 2], &[0.0, 1.0, 0.5, 1.5]));
    assert_eq!(of("row"), &floats(&[2], &[1.0, 1.5]));
    assert_eq!(of("double"), &floats(&[2], &[0.1, -2.5]));
    assert_eq!(
        of("half"),
        &floats(&[3], &[0.333_251_95, 65504.0, f32::INFINITY])
    );
    assert_eq!(of("bfloat16"), &floats(&[1], &[0.333_984_38]));
    assert_eq!(
        of("long"),
        &integers(&[], &[-9_223_372_036_854_775_807 - 1])
    );
    assert_eq!(of("int"), &integers(&[2], &[-7, 7]));
    assert_eq!(of("parameter"), &floats(&[1], &[3.0]));
    assert_eq!(dict.len(), 9);
}

proptest! {
    /// Whatever a byte becomes, it is read or refused.
    #[test]
    fn changed_bytes_end_well(at in 0_usize..10_000, byte: u8, n in 1_usize..40) {
        let mut bytes = include_bytes!("../../../tests/reference/torch_weights.pt").to_vec();
        let at = at % bytes.len();
        let end = (at + n).min(bytes.len());
        bytes[at..end].fill(byte);
        let _ = state_dict(&bytes);
    }

    /// The pickle's own bytes, past the check of the archive.
    #[test]
    fn changed_pickles_end_well(changes in proptest::collection::vec((0_usize..1000, any::<u8>()), 1..8)) {
        let mut pickle = pickled("FloatStorage", 6, 0, &[2, 3], &[3, 1]);
        for (at, byte) in changes {
            let at = at % pickle.len();
            pickle[at] = byte;
        }
        if let Ok(dict) = of(&pickle, &floats(&[1.0; 6])) {
            prop_assert!(dict.values().all(|tensor| n_of(&tensor.shape) < 1 << 27));
        }
    }

    #[test]
    fn any_bytes_end_well(bytes: Vec<u8>) {
        let _ = of(&bytes, &[]);
        let _ = state_dict(&[b"PK".as_slice(), &bytes].concat());
    }
}
