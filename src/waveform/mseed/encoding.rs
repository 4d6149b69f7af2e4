//! Codes of the encodings (SEED manual 2.4, blockette 1000; FDSN miniSEED 3).

pub(super) type Encoding = u8;

pub const TEXT: Encoding = 0;
pub const INT16: Encoding = 1;
pub const INT32: Encoding = 3;
pub const FLOAT32: Encoding = 4;
pub const FLOAT64: Encoding = 5;
pub const STEIM1: Encoding = 10;
pub const STEIM2: Encoding = 11;
pub const GEOSCOPE_3: Encoding = 13;
pub const GEOSCOPE_4: Encoding = 14;
pub const CDSN: Encoding = 16;
pub const SRO: Encoding = 30;
pub const DWWSSN: Encoding = 32;

/// What the encoding is called; also of those that are not decoded here.
pub fn name(code: Encoding) -> &'static str {
    match code {
        TEXT => "text",
        INT16 => "16-bit integers",
        2 => "24-bit integers",
        INT32 => "32-bit integers",
        FLOAT32 => "32-bit floats",
        FLOAT64 => "64-bit floats",
        STEIM1 => "Steim 1",
        STEIM2 => "Steim 2",
        12 => "GEOSCOPE, 24-bit integers",
        GEOSCOPE_3 => "GEOSCOPE, gain of 3 bits",
        GEOSCOPE_4 => "GEOSCOPE, gain of 4 bits",
        15 => "US National Network",
        CDSN => "CDSN, gain ranged",
        17 => "Graefenberg, gain ranged",
        18 => "IPG Strasbourg",
        19 => "Steim 3",
        SRO => "SRO, gain ranged",
        31 => "HGLP",
        DWWSSN => "DWWSSN, gain ranged",
        33 => "RSTN, gain ranged",
        100 => "opaque",
        _ => "of no name",
    }
}
