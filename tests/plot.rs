//! Every figure, drawn from made-up data. `QUAKEBOOK_FIGURES=DIR` keeps the pictures to look at.

use quakebook::bulletin::Bulletin;
use quakebook::catalog::{Catalog, Event};
use quakebook::classroom::{SeismicNetwork, Truth};
use quakebook::cluster::ClusterParams;
use quakebook::detect::{Detection, Detections, Scan};
use quakebook::evaluate::{
    Calibration, ConfusionMatrix, Counts, OperatingPoint, PrecisionRecallCurve, by_bin,
};
use quakebook::geo::Point;
use quakebook::locate::{LocateParams, Locator, PhasePick, Sites, Sorted, VelocityModel};
use quakebook::network::{ConvNet, Network, Perceptron};
use quakebook::plot::{self, Figure};
use quakebook::study::Study;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::train::{Epoch, Run, Stop, TrainParams};
use quakebook::travel::{LayeredModel, Phase, Wave};
use quakebook::waveform::filter::Filter;
use quakebook::waveform::{Record3C, spectrum};
use quakebook::window::{Origin, Window};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The picture is a PNG of twice the nominal size, with ink, on a white ground.
fn look(name: &str, figure: &Figure) {
    if let Some(dir) = std::env::var_os("QUAKEBOOK_FIGURES") {
        let path = std::path::Path::new(&dir).join(format!("{name}.png"));
        std::fs::write(&path, &figure.png).unwrap();
        if let Some(svg) = &figure.svg {
            std::fs::write(path.with_extension("svg"), svg).unwrap();
        }
    }
    if let Some(svg) = &figure.svg {
        check_xml(name, svg);
    }
    let (palette, pixels, width) = decode(&figure.png);
    assert_eq!(width as u32, 2 * figure.size.0, "{name}");
    assert_eq!(pixels.len() / width, 2 * figure.size.1 as usize, "{name}");
    let is_white = |i: usize| palette[i] == [255; 3];
    let n_white = pixels.iter().filter(|i| is_white(**i)).count();
    let ink = 1.0 - n_white as f64 / pixels.len() as f64;
    assert!(
        (0.01..0.9).contains(&ink),
        "{name}: {ink} of the picture is ink"
    );
    // Nothing is cut off: the outermost pixels are paper.
    let height = pixels.len() / width;
    let edge = (0..width).flat_map(|x| [x, (height - 1) * width + x]);
    let edge = edge.chain((0..height).flat_map(|y| [y * width, y * width + width - 1]));
    assert!(
        edge.into_iter().all(|i| is_white(pixels[i])),
        "{name}: ink on the edge"
    );
    assert!(!figure.caption.is_empty(), "{name}");
}

/// The drawing is XML whose elements are closed, and whose letters are all there.
fn check_xml(name: &str, svg: &str) {
    let mut reader = quick_xml::Reader::from_str(svg);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    for used in svg.split("<use href=\"#").skip(1) {
        let id = used.split('"').next().unwrap();
        assert!(svg.contains(&format!("<path id=\"{id}\"")), "{name}: {id}");
    }
    // A bitmap within is letters and digits by chance.
    let (drawn, bitmap) = svg.split_once(";base64,").unwrap_or((svg, ""));
    let words = bitmap.split_once('"').map_or("", |(_, rest)| rest);
    for numbers in [drawn, words] {
        assert!(
            !numbers.contains("NaN") && !numbers.contains("inf"),
            "{name}"
        );
    }
}

/// Colours, and each pixel's index among them.
fn decode(bytes: &[u8]) -> (Vec<[u8; 3]>, Vec<usize>, usize) {
    let mut decoder = png::Decoder::new(bytes);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut data).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    let mut palette: Vec<[u8; 3]> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let indices = data[..info.buffer_size()]
        .chunks_exact(3)
        .map(|p| {
            *places.entry([p[0], p[1], p[2]]).or_insert_with(|| {
                palette.push([p[0], p[1], p[2]]);
                palette.len() - 1
            })
        })
        .collect();
    (palette, indices, info.width as usize)
}

fn at(seconds: f64) -> Time {
    time::parse("2014-02-16").unwrap() + time::seconds(seconds)
}

fn catalog(n: usize) -> Catalog {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let zones = [(-97.52, 35.86), (-97.40, 35.78), (-97.30, 35.90)];
    let events = (0..n).map(|i| {
        let (longitude, latitude) = zones[i % 3];
        let mut about = |middle: f64| middle + random.random_range(-0.03..0.03);
        let (longitude_deg, latitude_deg) = (about(longitude), about(latitude));
        Event {
            id: i.to_string(),
            origin_time: at(i as f64 * 86_400.0 * 1000.0 / n as f64),
            longitude_deg,
            latitude_deg,
            depth_km: Some(5.0),
            magnitude: 1.5 - random.random_range(0.0001f64..1.0).log10(),
            magnitude_type: "ML".into(),
            event_type: "earthquake".into(),
        }
    });
    Catalog::new("made up", true, events.collect())
}

fn record(n_samples: usize) -> Record3C {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let data = [0.6, 0.8, 1.0].map(|gain| {
        (0..n_samples)
            .map(|i| {
                let t = i as f32 / 100.0 - 3.0;
                let wave = if t > 0.0 {
                    (-t / 2.0).exp() * (t * 40.0).sin()
                } else {
                    0.0
                };
                gain * (3000.0 * wave + random.random_range(-200.0..200.0))
            })
            .collect::<Vec<f32>>()
    });
    Record3C {
        station: "GS.OK029.00".into(),
        channels: ["HH1", "HH2", "HHZ"].map(String::from),
        start: at(0.0),
        sampling_rate_hz: 100.0,
        data,
        simulated: true,
    }
}

fn noise_window() -> Window {
    let record = record(1000);
    Window {
        start: record.start,
        samples: record.data.concat(),
        class: 3,
        origin: Origin::Noise { after: "1".into() },
    }
}

fn scanned() -> (Scan, Detections) {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let p: Vec<f32> = (0..3600)
        .map(|_| random.random_range(0.0f32..0.1))
        .collect();
    let p = |i: usize| {
        if [500, 680, 3100].contains(&i) {
            0.9
        } else {
            p[i]
        }
    };
    let scan = Scan {
        station: "GS.OK029.00".into(),
        simulated: true,
        sampling_rate_hz: 100.0,
        n_samples: 1000,
        hop_samples: 1000,
        n_classes: 4,
        starts: (0..3600).map(|i| at(10.0 * i as f64)).collect(),
        probabilities: (0..3600)
            .flat_map(|i| [p(i), 0.0, 0.0, 1.0 - p(i)])
            .collect(),
        n_in_gaps: 0,
        n_stuck: 0,
        unscanned: Vec::new(),
        n_clipped: 0,
        n_samples_left: 0,
    };
    let detection = |start: f64, class| Detection {
        start: at(start),
        end: at(start + 10.0),
        time: at(start + 5.0),
        class,
        probability: 0.9,
        n_windows: 1,
    };
    let detections = Detections {
        station: scan.station.clone(),
        simulated: true,
        n_classes: 4,
        scanned: vec![TimeSpan {
            start: at(0.0),
            end: at(36_000.0),
        }],
        items: vec![
            detection(5000.0, 0),
            detection(6800.0, 1),
            detection(31_000.0, 2),
        ],
    };
    (scan, detections)
}

#[test]
fn maps() {
    let catalog = catalog(600);
    let station = Some(("GS.OK029", Point::new(-97.45486, 35.79657)));
    look("epicentres", &plot::epicentres(&catalog, station).unwrap());
    let clusters = ClusterParams::new(3).fit(&catalog).unwrap();
    let figure = plot::clusters(&catalog, &clusters, station).unwrap();
    look("clusters", &figure);
    assert_eq!(figure.source, "Simulated data: made up.");
    // A catalog that is a line, a single event, and none.
    let line = catalog.filter(|event| event.latitude_deg > 35.9);
    look("few", &plot::epicentres(&line, None).unwrap());
    let one = catalog.filter(|event| event.id == "7");
    look("one", &plot::epicentres(&one, None).unwrap());
    let none = catalog.filter(|_| false);
    let error = plot::epicentres(&none, station).unwrap_err().to_string();
    assert!(error.contains("nothing to draw"), "{error}");
    assert!(plot::clusters(&one, &clusters, None).is_err());
    let ends = [Point::new(-97.5, 35.9), Point::new(-97.4, 35.8)];
    let with_fault = plot::clusters_and_faults(&catalog, &clusters, station, &[("Fault", ends)]);
    let with_fault = with_fault.unwrap();
    look("faults", &with_fault);
    assert_ne!(with_fault.png, figure.png);
}

#[test]
fn rounds_of_k_means() {
    let points = [[1.0, 1.0], [2.0, 1.0], [10.0, 5.0]];
    let first = (vec![[1.0, 1.0], [2.0, 1.0]], vec![0, 1, 1]);
    let second = (vec![[1.0, 1.0], [6.0, 3.0]], vec![0, 0, 1]);
    let figure = plot::rounds(&points, &[first.clone(), second.clone()]).unwrap();
    look("rounds", &figure);
    let drawing = figure.svg.unwrap();
    // Three points and two centroids in each of two rounds: what is dotted stands in paths of dots.
    assert_eq!(drawing.matches("h.1").count(), 10);
    let one = plot::rounds(&points, std::slice::from_ref(&first)).unwrap();
    assert!(one.size.0 < figure.size.0 && one.interactive != figure.interactive);
    assert!(plot::rounds(&points, &[]).is_err());
    assert!(plot::rounds(&points[..2], &[second]).is_err());
}

#[test]
fn seismicity_in_time() {
    let catalog = catalog(600);
    look("magnitudes", &plot::magnitudes_in_time(&catalog).unwrap());
    look("months", &plot::monthly_counts(&catalog).unwrap());
    look(
        "gutenberg-richter",
        &plot::frequency_magnitude(&catalog, 1.7, 1.0).unwrap(),
    );
    assert!(plot::frequency_magnitude(&catalog, 9.0, 1.0).is_err());
    assert!(plot::monthly_counts(&catalog.filter(|_| false)).is_err());
}

/// A bulletin of three earthquakes by their exact arrivals at eight stations, the stations, and the truth.
fn bulletin() -> (Bulletin, Sites, Catalog) {
    let network = SeismicNetwork::new(Truth::from_sources(1, vec![]));
    let all = Sites::from_inventory(&network.inventory()).unwrap();
    let sites = Sites::new(all.all()[..8].to_vec(), "eight").unwrap();
    let model = LayeredModel::central_us();
    let velocity = VelocityModel {
        top_km: -0.333,
        ..model.clone().into()
    };
    let mut rows = String::from("time,latitude,longitude,depth,mag\n");
    let mut picks = Vec::new();
    for (i, latitude) in [35.80, 35.85, 35.90].into_iter().enumerate() {
        let origin = at(60.0 * i as f64);
        rows += &format!("{},{latitude},-97.40,5,{}\n", time::iso(origin), 1 + i);
        for site in sites.all() {
            let km = Point::new(-97.40, latitude).distance_km(site.position);
            for (wave, phase) in [(Wave::P, Phase::P), (Wave::S, Phase::S)] {
                picks.push(PhasePick {
                    station: site.id.clone(),
                    wave,
                    time: origin + time::seconds(model.travel_time_s(phase, 5.333, km)),
                    probability: 1.0,
                    error_s: f64::NAN,
                });
            }
        }
    }
    let mut locator = Locator::new(sites.clone(), &velocity, LocateParams::default()).unwrap();
    let sorted = Sorted::new(picks, &sites).unwrap();
    let made = Bulletin::from_picks(&mut locator, "v", &sorted, &Default::default(), 0).unwrap();
    let truth = Catalog::from_text(&rows, "made up").unwrap();
    (made.0, sites, truth)
}

#[test]
fn a_catalog_of_ones_own() {
    let (mut bulletin, sites, truth) = bulletin();
    assert_eq!(bulletin.events.len(), 3);
    let map = plot::located(&bulletin, &sites, Some(&truth)).unwrap();
    assert!(map.caption.starts_with("3 located earthquakes"));
    assert!(!map.full_caption().contains("Simulated"));
    look("located", &map);
    bulletin.simulated = true;
    let section = plot::depth_section(&bulletin, Some(&truth)).unwrap();
    assert!(section.full_caption().contains("Simulated"));
    look("depth-section", &section);
    look(
        "depth-section-alone",
        &plot::depth_section(&bulletin, None).unwrap(),
    );
    bulletin.events.clear();
    assert!(plot::located(&bulletin, &sites, None).is_err());
    assert!(plot::depth_section(&bulletin, None).is_err());

    let (large, small) = (catalog(300), catalog(60));
    let both = [("found", &large), ("published", &small)];
    look("magnitudes-of", &plot::magnitudes_of(&both).unwrap());
    look("frequencies", &plot::frequency_magnitudes(&both).unwrap());
    let none = Catalog::new("made up", false, vec![]);
    assert!(plot::magnitudes_of(&[("none", &none)]).is_err());
    assert!(plot::frequency_magnitudes(&[("found", &large), ("none", &none)]).is_err());
}

#[test]
fn a_plan_has_one_scale() {
    let ring: Vec<(f64, f64)> = (0..=100)
        .map(|i| f64::from(i) * std::f64::consts::TAU / 100.0)
        .map(|t| (10.0 * t.cos(), 10.0 * t.sin()))
        .collect();
    let wide = [(-40.0, -2.0), (40.0, 2.0)];
    let figure = plot::plan(
        "km east",
        "km north",
        &[("ring", &ring)],
        &[("ends", &wide)],
        &[("west".into(), wide[0]), ("nowhere".into(), (0.0, 400.0))],
    )
    .unwrap();
    look("plan", &figure);
    // A name is written where its place is on the plan.
    let svg = figure.svg.as_deref().unwrap();
    assert!(svg.contains("\"west\"") && !svg.contains("\"nowhere\""));
    // The ring is as wide as it is high.
    let (palette, pixels, width) = decode(&figure.png);
    let is_blue = |i: &usize| palette[*i][2] > 150 && palette[*i][0] < 60;
    let below_legend = pixels.iter().enumerate().skip(60 * width);
    let ink: Vec<(usize, usize)> = below_legend
        .filter(|(_, colour)| is_blue(colour))
        .map(|(i, _)| (i % width, i / width))
        .collect();
    let extent = |of: fn(&(usize, usize)) -> usize| {
        let all = || ink.iter().map(of);
        (all().max().unwrap() - all().min().unwrap()) as f64
    };
    let ratio = extent(|at| at.0) / extent(|at| at.1);
    assert!((ratio - 1.0).abs() < 0.03, "{ratio}");
}

#[test]
fn shares_end_at_one() {
    let half = [(0.0, 0.0), (0.5, 0.4)];
    let figure = plot::shares("seconds", "share", &[("a", &half)]).unwrap();
    look("shares", &figure);
    assert!(figure.svg.unwrap().contains("data-text=\"1.0\""));
}

#[test]
fn waveforms() {
    let short = record(1000);
    let marks = [(at(3.0), "P"), (at(4.5), "S")];
    look("record", &plot::record(&short, &marks).unwrap());
    let mut long = record(400_000);
    for data in &mut long.data {
        data[100_000..150_000].fill(f32::NAN);
    }
    look("record-with-gap", &plot::record(&long, &[]).unwrap());
    let window = noise_window();
    look(
        "window",
        &plot::window(&window, &["HH1", "HH2", "HHZ"], 100.0).unwrap(),
    );
    let three = [window.clone(), window.clone(), window.clone()];
    let figure = plot::windows_of_component(&three, 2, "HHZ", 100.0).unwrap();
    look("consecutive-windows", &figure);
    assert!(plot::windows_of_component(&three, 3, "none", 100.0).is_err());
    assert!(plot::windows_of_component(&[], 0, "HH1", 100.0).is_err());
    let mut quiet_vertical = short.clone();
    quiet_vertical.data[2].iter_mut().for_each(|v| *v *= 1e-3);
    let shared = plot::record(&quiet_vertical, &marks).unwrap();
    let own = plot::record_on_own_scales(&quiet_vertical, &marks).unwrap();
    look("own-scales", &own);
    assert_ne!(shared.png, own.png);
    let vectors = [
        ("Original", &window.samples[..]),
        ("With 5 % noise", &window.samples[..]),
    ];
    look("vectors", &plot::vectors(&vectors).unwrap());

    let mut nothing = short.clone();
    nothing.data = [vec![f32::NAN; 10], vec![f32::NAN; 10], vec![f32::NAN; 10]];
    assert!(plot::record(&nothing, &[]).is_err());
    let mut flat = short.clone();
    flat.data = [vec![0.0; 500], vec![0.0; 500], vec![0.0; 500]];
    look("flat", &plot::record(&flat, &[]).unwrap());
    assert!(plot::vectors(&[("broken", &[1.0, f32::NAN, 2.0])]).is_err());
    assert!(plot::vectors(&[]).is_err());
}

#[test]
fn detectors_beside_a_record() {
    let record = record(12_000);
    let scores: Vec<(Time, f64)> = (0..100)
        .map(|i| {
            (
                record.start + time::seconds(f64::from(i)),
                f64::from(i % 10) - 8.0,
            )
        })
        .collect();
    let marks = [record.start + time::seconds(30.0)];
    let lists = [("one", scores.as_slice()), ("another", &scores[..50])];
    let figure = plot::record_and_scores(&record, &lists, &marks).unwrap();
    look("record-and-scores", &figure);
    assert!(plot::record_and_scores(&record, &[("none", &[])], &marks).is_err());
    let hours = [("picks", [3, 5, 0].as_slice()), ("claims", &[2, 6, 1])];
    look("hourly", &plot::hourly_counts(&hours).unwrap());
}

#[test]
fn spectra() {
    let record = record(6000);
    let psd = spectrum::psd(&record.data[2], 100.0, 512).unwrap();
    let other = spectrum::psd(&record.data[0], 100.0, 512).unwrap();
    let figure = plot::power_spectra(&[("HHZ", &psd), ("HH1", &other)], "counts^2/Hz").unwrap();
    look("psd", &figure);
    let spectrogram = spectrum::spectrogram(&record.data[2], 100.0, 256, 128).unwrap();
    look(
        "spectrogram",
        &plot::spectrogram(&spectrogram, "counts^2/Hz").unwrap(),
    );
    let marks = [(3.0, "P"), (4.5, "S")];
    let samples = &record.data[2];
    let with = plot::waveform_and_spectrogram(samples, 100.0, &marks, &spectrogram, "counts^2/Hz");
    look("waveform-and-spectrogram", &with.unwrap());
    assert!(plot::waveform_and_spectrogram(&[], 100.0, &marks, &spectrogram, "").is_err());
    let band = Filter::bandpass(4, 2.0, 20.0, 100.0).unwrap();
    let high = Filter::highpass(2, 1.0, 100.0).unwrap();
    let filters = [("bandpass 2 to 20 Hz", &band), ("highpass 1 Hz", &high)];
    look(
        "filters",
        &plot::filter_responses(&filters, 0.1, 50.0).unwrap(),
    );
    assert!(plot::filter_responses(&filters, 0.0, 50.0).is_err());
    assert!(plot::power_spectra(&[], "counts^2/Hz").is_err());
}

#[test]
fn networks_and_their_training() {
    let epoch = |i: usize| Epoch {
        epoch: i,
        train_loss: 1.2 * (-(i as f64) / 8.0).exp() + 0.1,
        validation_loss: 1.0 * (-(i as f64) / 6.0).exp() + 0.2 + 0.006 * i as f64,
        validation_accuracy: 0.9 - 0.5 * (-(i as f64) / 5.0).exp(),
        gradient: Some((-(i as f64) / 4.0).exp()),
        seconds: 1.0,
    };
    let run = Run {
        network: "convolutional network".into(),
        backend: quakebook::network::Backend::Cpu,
        params: TrainParams::adam(&Study::oklahoma().train, 1),
        epochs: (1..=24).map(epoch).collect(),
        best_epoch: 18,
        stop: Stop::Validation,
        train_sha256: String::new(),
        weights_sha256: String::new(),
        dir: None,
    };
    let with_gradients = plot::training(&run).unwrap();
    look("training", &with_gradients);
    let mut older = run.clone();
    older.epochs[3].gradient = None;
    let without = plot::training(&older).unwrap();
    assert!(without.size.1 < with_gradients.size.1);
    assert!(
        plot::training(&Run {
            epochs: vec![],
            ..run
        })
        .is_err()
    );
    let network = ConvNet::new(1000, 4, 1);
    look(
        "convnet",
        &plot::layers(&[3, 1000], &network.layers()).unwrap(),
    );
    let network = Perceptron::new(1000, 4, 1);
    look(
        "perceptron",
        &plot::layers(&[3000], &network.layers()).unwrap(),
    );
    assert!(plot::layers(&[3000], &[]).is_err());
}

#[test]
fn how_a_network_learns() {
    let valley: Vec<(f64, f64)> = (-40..=40)
        .map(|i| (f64::from(i) / 10.0, (f64::from(i) / 10.0).powi(2)))
        .collect();
    let down = [(-3.5, 12.25), (-2.0, 4.0), (-1.0, 1.0), (-0.5, 0.25)];
    let away = [(1.0, 1.0), (-2.0, 4.0), (4.0, 16.0), (-8.0, 64.0)];
    let walks: [plot::Points; 2] = [("small steps", &down), ("large steps", &away)];
    look(
        "descent",
        &plot::descent("weight", "loss", &valley, &walks).unwrap(),
    );
    let line = [(-4.0, 0.0), (4.0, 8.0)];
    let fits: [plot::Points; 2] = [("line", &line), ("valley", &valley)];
    let points: [plot::Points; 2] = [("training", &down), ("test", &line)];
    look("fits", &plot::curves("x", "y", &fits, &points).unwrap());
    look("curves", &plot::curves("x", "y", &fits, &[]).unwrap());
    assert!(plot::curves("x", "y", &[], &[]).is_err());
    assert!(plot::curves("x", "y", &[("bad", &[(0.0, f64::NAN)])], &[]).is_err());

    let samples: Vec<f32> = record(400).data[2][270..330].to_vec();
    let outputs: Vec<f32> = samples.windows(3).map(|x| x[2] - x[0]).collect();
    let slid = plot::sliding_filter(&samples, &outputs, 3, &[5, 30, 45]).unwrap();
    look("sliding-filter", &slid);
    assert!(plot::sliding_filter(&samples, &outputs[1..], 3, &[5]).is_err());
    let bands = [(3, 1, 0), (3, 1, 1), (3, 2, 1)];
    look("strides", &plot::strides(10, &bands).unwrap());
    assert!(plot::strides(10, &[(3, 0, 0)]).is_err());
    assert!(plot::strides(2, &[(5, 1, 1)]).is_err());
}

#[test]
fn numbers_of_rows_side_by_side() {
    let spread = |values: &[f64]| quakebook::evaluate::Spread::of(values);
    let rows: [plot::Row; 2] = [
        (
            "as the paper did",
            vec![spread(&[0.01, 0.02]), spread(&[0.10])],
        ),
        (
            "divided first",
            vec![spread(&[0.11]), spread(&[0.09, 0.10])],
        ),
    ];
    let figure = plot::dumbbells("noise called (%)", &["test", "scan"], &rows).unwrap();
    look("dumbbells", &figure);
    assert!(plot::dumbbells("x", &[], &[]).is_err());
    assert!(plot::dumbbells("x", &["a"], &[("none", vec![spread(&[])])]).is_err());
}

#[test]
fn a_day_line_under_line() {
    let mut record = record(6 * 60 * 100);
    record.data[2][9_000..9_900].fill(f32::NAN);
    let marks = [
        ("event", vec![at(3.0), at(200.0)]),
        ("detection", vec![at(4.0)]),
    ];
    let drawn = plot::helicorder(&record, 2, 1.0, 600.0, &marks).unwrap();
    look("helicorder", &drawn);
    // A line of ten minutes holds all six, and takes less room.
    let one = plot::helicorder(&record, 2, 10.0, 600.0, &[]).unwrap();
    assert!(one.size.1 < drawn.size.1);
    assert!(plot::helicorder(&record, 2, 0.0, 600.0, &[]).is_err());
    assert!(plot::helicorder(&record, 3, 1.0, 600.0, &[]).is_err());
}

#[test]
fn a_page_of_detections() {
    let shown: Vec<plot::Shown> = [0, 100, 200]
        .map(|i| {
            let part = record(1500).slice(i..i + 1200).unwrap();
            (format!("detection {i}"), part, Some(at(3.0)))
        })
        .into();
    look("records", &plot::records(&shown).unwrap());
    assert!(plot::records(&[]).is_err());
}

#[test]
fn confusion() {
    let truth: Vec<usize> = (0..2595).map(|i| [0, 1, 2, 3, 3, 3, 3][i % 7]).collect();
    let predicted: Vec<usize> = (0..2595)
        .map(|i| [0, 1, 3, 3, 3, 3, 2][(i * 5 / 4) % 7])
        .collect();
    let matrix = ConfusionMatrix::new(4, &truth, &predicted).unwrap();
    let empty = ConfusionMatrix::new(4, &[], &[]).unwrap();
    let four = [
        ("Training", &matrix),
        ("Validation", &matrix),
        ("Test", &empty),
        ("All", &matrix),
    ];
    look("confusion", &plot::confusion_matrices(&four).unwrap());
    look(
        "confusion-1",
        &plot::confusion_matrices(&four[..1]).unwrap(),
    );
    assert!(plot::confusion_matrices(&[]).is_err());
}

#[test]
fn detection() {
    let (scan, detections) = scanned();
    let mut day = catalog(4);
    day = Catalog::new("made up", true, {
        let mut events = day.events().to_vec();
        for (event, t) in events.iter_mut().zip([5003.0, 6802.0, 20_000.0, 30_990.0]) {
            event.origin_time = at(t);
        }
        events
    });
    look(
        "probabilities",
        &plot::probabilities(&scan, &[("published", &day), ("simulated", &day)], 0.5).unwrap(),
    );
    look(
        "detections",
        &plot::detections(&record(3_600_000), &detections, &day).unwrap(),
    );
    let short = record(6000);
    let mut near = detections.clone();
    near.items[0].start = at(2.0);
    near.items[0].end = at(22.0);
    look(
        "detections-short",
        &plot::detections(&short, &near, &day).unwrap(),
    );

    let truth: Vec<bool> = (0..200).map(|i| i % 7 == 0).collect();
    let scores: Vec<f64> = (0..200)
        .map(|i| {
            if i % 7 == 0 {
                0.4 + (i % 13) as f64 / 22.0
            } else {
                (i % 17) as f64 / 30.0
            }
        })
        .collect();
    let curve = PrecisionRecallCurve::new(&truth, &scores).unwrap();
    look("precision-recall", &plot::precision_recall(&curve).unwrap());
    let calibration = Calibration::new(&truth, &scores, 8).unwrap();
    look("reliability", &plot::reliability(&calibration).unwrap());
    let nothing = Scan {
        starts: vec![],
        probabilities: vec![],
        ..scan
    };
    assert!(plot::probabilities(&nothing, &[("published", &day)], 0.5).is_err());
}

#[test]
fn arrivals_in_windows() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let p: Vec<f64> = (0..500).map(|_| random.random_range(1.0..4.0)).collect();
    let s: Vec<f64> = p.iter().map(|t| t * 1.73).collect();
    let late: Vec<f64> = p.iter().map(|t| t - 2.5).collect();
    let rules = [
        ("from the origin time", p.as_slice(), s.as_slice()),
        ("late", &late, &p),
    ];
    look("arrivals", &plot::arrivals(&rules, 10.0).unwrap());
    assert!(plot::arrivals(&[], 10.0).is_err());
    assert!(plot::arrivals(&[("nan", &[f64::NAN], &p)], 10.0).is_err());
}

#[test]
fn sweeps_over_seeds() {
    use quakebook::evaluate::Spread;
    let points = |means: &[(f64, f64)]| -> Vec<(f64, Spread)> {
        let around = |mean: f64| Spread::of(&[mean - 0.01, mean, mean + 0.02]);
        means.iter().map(|(x, mean)| (*x, around(*mean))).collect()
    };
    let lengths = points(&[(5.0, 0.90), (10.0, 0.95), (20.0, 0.96), (30.0, 0.94)]);
    let places = points(&[(-1.0, 0.2), (0.0, 0.8), (1.0, 0.9)]);
    let figure = plot::sweep("length (s)", "found (%)", &[("found", &lengths)]).unwrap();
    look("sweep", &figure);
    assert!(figure.caption.contains("up to 3 seeds"));
    look(
        "sweep-linear",
        &plot::sweep("place (s)", "found (%)", &[("a", &places), ("b", &lengths)]).unwrap(),
    );
    let one = points(&[(10.0, 0.5)]);
    look(
        "sweep-one",
        &plot::sweep("x", "y", &[("one", &one)]).unwrap(),
    );
    assert!(plot::sweep("x", "y", &[]).is_err());
    let nothing = [(1.0, Spread::of(&[]))];
    assert!(plot::sweep("x", "y", &[("none", &nothing)]).is_err());
}

#[test]
fn how_good_a_detector_is() {
    let point = |i: usize| OperatingPoint {
        threshold: 1.0 - 0.1 * i as f64,
        counts: Counts {
            n_found: 40 + 2 * i,
            n_counted: 62,
            n_right: 60 - i,
            n_false: 2 * i,
            hours: 700.0,
        },
    };
    let points: Vec<OperatingPoint> = (0..9).map(point).collect();
    look(
        "operating-curve",
        &plot::operating_curve(&points, &points[3]).unwrap(),
    );
    assert!(plot::operating_curve(&[], &points[3]).is_err());

    let cases: Vec<(f64, bool)> = (0..120)
        .map(|i| (1.5 * 1.05f64.powi(i), i > 20 && i % 11 > 0))
        .collect();
    let bins = by_bin(&[2.0, 3.0, 5.0, 10.0, 50.0, 200.0], &cases).unwrap();
    look(
        "recall-by-ratio",
        &plot::recall_by("signal-to-noise ratio", &bins, true, Some(7.0)).unwrap(),
    );
    look(
        "recall-by-magnitude",
        &plot::recall_by("magnitude", &bins, false, None).unwrap(),
    );
    let below = by_bin(&[-2.0, 3.0, 5.0], &cases).unwrap();
    assert!(plot::recall_by("ratio", &below, true, None).is_err());
    assert!(plot::recall_by("ratio", &[], false, None).is_err());

    let truth: Vec<bool> = (0..200).map(|i| i % 3 == 0).collect();
    let sure: Vec<f64> = (0..200)
        .map(|i| {
            if i % 4 == 0 {
                0.9
            } else {
                (i % 10) as f64 / 30.0
            }
        })
        .collect();
    let milder: Vec<f64> = sure.iter().map(|p| 0.2 + 0.5 * p).collect();
    let [before, after] = [&sure, &milder].map(|p| Calibration::new(&truth, p, 8).unwrap());
    look(
        "reliabilities",
        &plot::reliabilities(&[("before", &before), ("after", &after)]).unwrap(),
    );
    assert!(plot::reliabilities(&[]).is_err());

    look(
        "counts-by-hop",
        &plot::counts_by_hop(&[(2.0, 300, 62), (4.0, 150, 60), (10.0, 61, 55)], 64).unwrap(),
    );
    assert!(plot::counts_by_hop(&[], 64).is_err());

    let (scan, detections) = scanned();
    let short = record(6000);
    let mut near = detections.clone();
    near.items[0].time = at(15.0);
    let apart = Scan {
        probabilities: scan.probabilities.iter().map(|p| 0.5 + p / 2.0).collect(),
        ..scan.clone()
    };
    let figure = plot::windows_of_scans(
        &short,
        &[("before", &apart, &detections), ("after", &scan, &near)],
        0.5,
    );
    look("windows-of-scans", &figure.unwrap());
    assert!(plot::windows_of_scans(&short, &[], 0.5).is_err());
}
