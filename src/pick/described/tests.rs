//! Descriptions that are read, and values that none may hold.

use super::*;

fn with(model: &str, default: &str) -> Result<PickParams, String> {
    PickParams::from_json(&format!(
        "{{\"model_args\": {{{model}}}, \"default_args\": {{{default}}}}}"
    ))
}

#[test]
fn a_description_is_read_and_its_defaults_are_seisbenchs() {
    let plain = PickParams::from_json("{}").unwrap();
    assert_eq!(plain.classes, [1, 2]);
    assert_eq!((plain.hop_samples, plain.thresholds), (1501, [0.3, 0.3]));
    assert_eq!(
        (plain.normalisation, plain.version()),
        (PickNormalisation::Std, "1")
    );
    let full = with(
        "\"component_order\": \"ENZ\", \"phases\": [\"P\", \"S\", \"N\"], \"norm\": \"peak\", \"sampling_rate\": 50, \
         \"filter_args\": null, \"grouping\": \"instrument\", \"norm_detrend\": true",
        "\"P_threshold\": 0.44, \"S_threshold\": 0.5, \"overlap\": 0.5, \"blinding\": [250, 100], \
         \"stacking\": \"max\", \"batch_size\": 64",
    );
    let full = full.unwrap();
    assert_eq!(
        full.components,
        [Component::East, Component::North, Component::Vertical]
    );
    assert_eq!((full.classes, full.thresholds), ([0, 1], [0.44, 0.5]));
    assert_eq!((full.hop_samples, full.blinded_samples), (1501, [250, 100]));
    assert_eq!(
        (full.stacking, full.normalisation),
        (Stacking::Max, PickNormalisation::Peak)
    );
    assert!(full.is_detrended && full.sampling_rate_hz == 50.0);
    assert_eq!(full.ignored(), ["batch_size"]);
    assert_eq!((plain.highpass, full.highpass), (None, None));
    let filtered = |kwargs: &str| {
        let filter = format!("\"filter_args\": [\"highpass\"], \"filter_kwargs\": {kwargs}");
        with(&filter, "").unwrap().highpass
    };
    assert_eq!(filtered("{\"freq\": 0.5, \"corners\": 2}"), Some((0.5, 2)));
    assert_eq!(filtered("{\"freq\": 1}"), Some((1.0, 4)));
    let of_amplitude = with("\"norm\": \"std\", \"norm_amp_per_comp\": true", "").unwrap();
    assert_eq!(of_amplitude.normalisation, PickNormalisation::Peak);
}

#[test]
fn no_bad_value_is_held() {
    for model in [
        "\"component_order\": \"Z12H\"",
        "\"component_order\": \"ZNN\"",
        "\"component_order\": \"Z\"",
        "\"component_order\": 3",
        "\"phases\": \"PS\"",
        "\"phases\": \"PPS\"",
        "\"norm\": \"none\"",
        "\"norm\": null",
        "\"norm_detrend\": \"yes\"",
        "\"sampling_rate\": 0",
        "\"sampling_rate\": -100",
        "\"sampling_rate\": 1e300",
        "\"sampling_rate\": \"100\"",
        "\"in_channels\": 4",
        "\"classes\": 2",
        "\"in_samples\": 6000",
        "\"filter_args\": [\"highpass\"]",
        "\"filter_kwargs\": {\"freq\": 1.0}",
        "\"filter_args\": [\"lowpass\"], \"filter_kwargs\": {\"freq\": 1.0}",
        "\"filter_args\": [\"highpass\"], \"filter_kwargs\": {\"freq\": 50.0}",
        "\"filter_args\": [\"highpass\"], \"filter_kwargs\": {\"freq\": 1.0, \"zerophase\": true}",
        "\"lstm_blocks\": 3",
    ] {
        let what = with(model, "").unwrap_err();
        assert!(what.starts_with("model_args, "), "{model}: {what}");
    }
    for default in [
        "\"P_threshold\": 0",
        "\"P_threshold\": 1.5",
        "\"S_threshold\": \"0.3\"",
        "\"overlap\": 3001",
        "\"overlap\": -1",
        "\"overlap\": 12.5",
        "\"blinding\": [250]",
        "\"blinding\": [-1, 5]",
        "\"blinding\": [3000, 1]",
        "\"stacking\": \"sum\"",
    ] {
        let what = with("", default).unwrap_err();
        assert!(what.starts_with("default_args, "), "{default}: {what}");
    }
    for text in ["", "[]", "{\"model_args\": []}", "{\"docstring\": 3}", "{"] {
        assert!(PickParams::from_json(text).is_err(), "{text}");
    }
    let mut params = PickParams::from_json("{}").unwrap();
    for bad in [0.0, -1.0, 1.0, f64::NAN] {
        assert!(params.set_threshold(PickedPhase::P, bad).is_err());
    }
    for bad in [0.0, 0.09, -5.0, 30.02, f64::INFINITY, f64::NAN] {
        assert!(params.set_hop_s(bad).is_err(), "{bad}");
    }
    params.set_hop_s(5.0).unwrap();
    assert_eq!(params.hop_samples, 501);
}
