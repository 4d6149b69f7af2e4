//! StationXML 1.1, written.

use super::SIMULATED;
use crate::station::{
    ChannelEpoch, Coefficients, Decimation, Epoch, Filter, Fir, Gain, Inventory, NetworkEpoch,
    PolesZeros, Polynomial, Response, ResponseList, Sensitivity, Stage, StationEpoch, Symmetry,
    TransferFunction, Units,
};
use crate::time;
use crate::xml::{escaped, optional};

impl Inventory {
    /// The inventory as StationXML 1.1; times to the microsecond. Its date of creation is now.
    pub fn to_stationxml(&self) -> String {
        let mark = if self.simulated { SIMULATED } else { "" };
        let source = format!("{} {mark}", self.source);
        let networks: String = self.networks.iter().map(network).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <FDSNStationXML xmlns=\"http://www.fdsn.org/xml/station/1\" schemaVersion=\"1.1\">\n\
             <Source>{}</Source><Sender>quakebook</Sender><Created>{}</Created>\n\
             {networks}</FDSNStationXML>\n",
            escaped(source.trim()),
            time::iso(chrono::Utc::now()),
        )
    }
}

fn network(network: &NetworkEpoch) -> String {
    let total = network
        .n_stations
        .map(|n| n.to_string())
        .unwrap_or_default();
    let stations: String = network.stations.iter().map(station).collect();
    format!(
        "<Network code=\"{}\"{}>{}{}\n{stations}</Network>\n",
        escaped(&network.code),
        dates(network.epoch),
        optional("Description", &network.description),
        optional("TotalNumberStations", &total),
    )
}

fn station(station: &StationEpoch) -> String {
    let channels: String = station.channels.iter().map(channel).collect();
    format!(
        "<Station code=\"{}\"{}>{}<Site><Name>{}</Name></Site>\n{channels}</Station>\n",
        escaped(&station.code),
        dates(station.epoch),
        position(
            station.latitude_deg,
            station.longitude_deg,
            station.elevation_m
        ),
        escaped(&station.site),
    )
}

fn channel(channel: &ChannelEpoch) -> String {
    let sensor = optional("Type", &channel.sensor);
    format!(
        "<Channel code=\"{}\" locationCode=\"{}\"{}>{}{}{}{}{}{}{}</Channel>\n",
        escaped(&channel.code),
        escaped(&channel.location),
        dates(channel.epoch),
        position(
            channel.latitude_deg,
            channel.longitude_deg,
            channel.elevation_m
        ),
        number("Depth", channel.depth_m),
        number("Azimuth", channel.azimuth_deg),
        number("Dip", channel.dip_deg),
        number("SampleRate", channel.sampling_rate_hz),
        around("Sensor", &sensor),
        channel.response.as_ref().map(response).unwrap_or_default(),
    )
}

fn response(response: &Response) -> String {
    let Response {
        sensitivity,
        polynomial,
        stages,
    } = response;
    let sensitivity = sensitivity.as_ref().map(|told: &Sensitivity| {
        format!(
            "<InstrumentSensitivity>{}{}{}</InstrumentSensitivity>",
            number("Value", Some(told.value)),
            number("Frequency", told.frequency_hz),
            units(&told.units)
        )
    });
    let polynomial = polynomial
        .as_ref()
        .map(|told| of_polynomial("InstrumentPolynomial", told));
    let stages: String = stages.iter().map(stage).collect();
    format!(
        "\n<Response>{}{}\n{stages}</Response>",
        sensitivity.unwrap_or_default(),
        polynomial.unwrap_or_default()
    )
}

fn stage(stage: &Stage) -> String {
    let filter = match &stage.filter {
        None => String::new(),
        Some(Filter::PolesZeros(filter)) => poles_zeros(filter),
        Some(Filter::Coefficients(filter)) => coefficients(filter),
        Some(Filter::Fir(filter)) => fir(filter),
        Some(Filter::List(list)) => response_list(list),
        Some(Filter::Polynomial(polynomial)) => of_polynomial("Polynomial", polynomial),
    };
    let gain = stage.gain.map(
        |Gain {
             value,
             frequency_hz,
         }| {
            let frequency = number("Frequency", frequency_hz);
            format!(
                "<StageGain>{}{frequency}</StageGain>",
                number("Value", Some(value))
            )
        },
    );
    format!(
        "<Stage number=\"{}\">{filter}{}{}</Stage>\n",
        stage.number,
        stage.decimation.map(decimation).unwrap_or_default(),
        gain.unwrap_or_default()
    )
}

fn decimation(decimation: Decimation) -> String {
    format!(
        "<Decimation><InputSampleRate>{}</InputSampleRate><Factor>{}</Factor>\
         <Offset>{}</Offset><Delay>{}</Delay><Correction>{}</Correction></Decimation>",
        decimation.input_rate_hz,
        decimation.factor,
        decimation.offset,
        decimation.delay_s,
        decimation.correction_s
    )
}

fn poles_zeros(filter: &PolesZeros) -> String {
    let all = |name: &str, first: usize, values: &[(f64, f64)]| -> String {
        let one = |(i, (re, im)): (usize, &(f64, f64))| {
            format!(
                "<{name} number=\"{}\"><Real>{re}</Real><Imaginary>{im}</Imaginary></{name}>",
                first + i
            )
        };
        values.iter().enumerate().map(one).collect()
    };
    let kind = match filter.transfer_function {
        TransferFunction::LaplaceRadians => "LAPLACE (RADIANS/SECOND)",
        TransferFunction::LaplaceHertz => "LAPLACE (HERTZ)",
        TransferFunction::Digital => "DIGITAL (Z-TRANSFORM)",
    };
    format!(
        "<PolesZeros>{}<PzTransferFunctionType>{kind}</PzTransferFunctionType>{}{}{}{}</PolesZeros>",
        units(&filter.units),
        number("NormalizationFactor", Some(filter.normalization_factor)),
        number("NormalizationFrequency", filter.normalization_frequency_hz),
        all("Zero", 0, &filter.zeros),
        all("Pole", filter.zeros.len(), &filter.poles)
    )
}

fn coefficients(filter: &Coefficients) -> String {
    let kind = match filter.transfer_function {
        TransferFunction::LaplaceRadians => "ANALOG (RADIANS/SECOND)",
        TransferFunction::LaplaceHertz => "ANALOG (HERTZ)",
        TransferFunction::Digital => "DIGITAL",
    };
    format!(
        "<Coefficients>{}<CfTransferFunctionType>{kind}</CfTransferFunctionType>{}{}</Coefficients>",
        units(&filter.units),
        numbers("Numerator", &filter.numerators),
        numbers("Denominator", &filter.denominators)
    )
}

fn fir(filter: &Fir) -> String {
    let symmetry = match filter.symmetry {
        Symmetry::None => "NONE",
        Symmetry::Odd => "ODD",
        Symmetry::Even => "EVEN",
    };
    format!(
        "<FIR>{}<Symmetry>{symmetry}</Symmetry>{}</FIR>",
        units(&filter.units),
        numbers("NumeratorCoefficient", &filter.coefficients)
    )
}

fn response_list(list: &ResponseList) -> String {
    let element = |(frequency_hz, amplitude, phase_deg): &(f64, f64, f64)| {
        format!(
            "<ResponseListElement><Frequency>{frequency_hz}</Frequency>\
             <Amplitude>{amplitude}</Amplitude><Phase>{phase_deg}</Phase></ResponseListElement>"
        )
    };
    let elements: String = list.elements.iter().map(element).collect();
    format!(
        "<ResponseList>{}{elements}</ResponseList>",
        units(&list.units)
    )
}

fn of_polynomial(name: &str, polynomial: &Polynomial) -> String {
    let coefficient =
        |(i, value): (usize, &f64)| format!("<Coefficient number=\"{i}\">{value}</Coefficient>");
    let coefficients = polynomial.coefficients.iter().enumerate().map(coefficient);
    format!(
        "<{name}>{}<ApproximationType>MACLAURIN</ApproximationType>\
         <FrequencyLowerBound>{}</FrequencyLowerBound><FrequencyUpperBound>{}</FrequencyUpperBound>\
         <ApproximationLowerBound>{}</ApproximationLowerBound>\
         <ApproximationUpperBound>{}</ApproximationUpperBound>\
         <MaximumError>{}</MaximumError>{}</{name}>",
        units(&polynomial.units),
        polynomial.frequency_bounds_hz.0,
        polynomial.frequency_bounds_hz.1,
        polynomial.approximation_bounds.0,
        polynomial.approximation_bounds.1,
        polynomial.maximum_error,
        coefficients.collect::<String>()
    )
}

fn units(units: &Units) -> String {
    format!(
        "<InputUnits><Name>{}</Name></InputUnits><OutputUnits><Name>{}</Name></OutputUnits>",
        escaped(&units.input),
        escaped(&units.output)
    )
}

fn position(latitude_deg: f64, longitude_deg: f64, elevation_m: f64) -> String {
    format!(
        "<Latitude>{latitude_deg}</Latitude><Longitude>{longitude_deg}</Longitude>\
         <Elevation>{elevation_m}</Elevation>"
    )
}

fn dates(epoch: Epoch) -> String {
    let date = |name: &str, time: Option<time::Time>| {
        time.map_or_else(String::new, |time| {
            format!(" {name}=\"{}\"", time::iso(time))
        })
    };
    date("startDate", epoch.start) + &date("endDate", epoch.end)
}

fn number(name: &str, value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("<{name}>{value}</{name}>"))
}

fn numbers(name: &str, values: &[f64]) -> String {
    values
        .iter()
        .map(|value| number(name, Some(*value)))
        .collect()
}

/// `<name>inner</name>`, or nothing for an empty inside.
fn around(name: &str, inner: &str) -> String {
    match inner {
        "" => String::new(),
        inner => format!("<{name}>{inner}</{name}>"),
    }
}
