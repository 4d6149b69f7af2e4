//! A channel's response, read.

use super::{needed_at, number_at};
use crate::error::Result;
use crate::station::{
    Coefficients, Decimation, Filter, Fir, Gain, PolesZeros, Polynomial, Response, ResponseList,
    Sensitivity, Stage, Symmetry, TransferFunction, Units, need_number, unreadable,
};
use crate::xml::Element;

pub(super) fn read(place: &str, element: &Element) -> Result<Response> {
    let place = format!("{place}, response");
    // Some data centres tell of units without a value, where a polynomial stands in its place.
    let sensitivity = match element.child("InstrumentSensitivity") {
        Some(told) => number_at(&place, told, "Value")?.map(|value| {
            Ok::<_, crate::Error>(Sensitivity {
                value,
                frequency_hz: number_at(&place, told, "Frequency")?,
                units: units(told),
            })
        }),
        None => None,
    };
    let polynomial = element.child("InstrumentPolynomial");
    let stages = element.children("Stage").map(|told| stage(&place, told));
    Ok(Response {
        sensitivity: sensitivity.transpose()?,
        polynomial: polynomial
            .map(|told| self::polynomial(&place, told))
            .transpose()?,
        stages: stages.collect::<Result<_>>()?,
    })
}

fn stage(place: &str, element: &Element) -> Result<Stage> {
    let number = element.attribute("number").unwrap_or("").trim();
    let place = format!("{place}, stage {number}");
    let number =
        (number.parse()).map_err(|_| unreadable(&place, number, "the number of a stage"))?;
    let gain = element.child("StageGain").map(|told| {
        Ok::<_, crate::Error>(Gain {
            value: needed_at(&place, told, "Value")?,
            frequency_hz: number_at(&place, told, "Frequency")?,
        })
    });
    let decimation = element.child("Decimation");
    Ok(Stage {
        number,
        filter: filter(&place, element)?,
        decimation: decimation
            .map(|told| self::decimation(&place, told))
            .transpose()?,
        gain: gain.transpose()?,
    })
}

fn decimation(place: &str, element: &Element) -> Result<Decimation> {
    let whole = |name: &str| {
        let text = element.text_at(name).unwrap_or("");
        let place = format!("{place}, {name}");
        text.parse()
            .map_err(|_| unreadable(&place, text, "a number of samples"))
    };
    Ok(Decimation {
        input_rate_hz: needed_at(place, element, "InputSampleRate")?,
        factor: whole("Factor")?,
        offset: whole("Offset")?,
        delay_s: needed_at(place, element, "Delay")?,
        correction_s: needed_at(place, element, "Correction")?,
    })
}

fn filter(place: &str, stage: &Element) -> Result<Option<Filter>> {
    let numbers = |element: &Element, name: &str| -> Result<Vec<f64>> {
        let place = format!("{place}, {name}");
        let children = element.children(name);
        children
            .map(|child| need_number(&place, child.text()))
            .collect()
    };
    if let Some(told) = stage.child("PolesZeros") {
        let complex = |name: &str| -> Result<Vec<(f64, f64)>> {
            let place = format!("{place}, {name}");
            let part = |e: &Element, name: &str| needed_at(&place, e, name);
            let children = told.children(name);
            children
                .map(|e| Ok((part(e, "Real")?, part(e, "Imaginary")?)))
                .collect()
        };
        return Ok(Some(Filter::PolesZeros(PolesZeros {
            units: units(told),
            transfer_function: transfer_function(place, told, "PzTransferFunctionType")?,
            // Its default in the schema.
            normalization_factor: number_at(place, told, "NormalizationFactor")?.unwrap_or(1.0),
            normalization_frequency_hz: number_at(place, told, "NormalizationFrequency")?,
            zeros: complex("Zero")?,
            poles: complex("Pole")?,
        })));
    }
    if let Some(told) = stage.child("Coefficients") {
        return Ok(Some(Filter::Coefficients(Coefficients {
            units: units(told),
            transfer_function: transfer_function(place, told, "CfTransferFunctionType")?,
            numerators: numbers(told, "Numerator")?,
            denominators: numbers(told, "Denominator")?,
        })));
    }
    if let Some(told) = stage.child("FIR") {
        let symmetry = match told
            .text_at("Symmetry")
            .unwrap_or("NONE")
            .to_uppercase()
            .as_str()
        {
            "NONE" => Symmetry::None,
            "ODD" => Symmetry::Odd,
            "EVEN" => Symmetry::Even,
            other => return Err(unreadable(place, other, "NONE, ODD or EVEN")),
        };
        return Ok(Some(Filter::Fir(Fir {
            units: units(told),
            symmetry,
            coefficients: numbers(told, "NumeratorCoefficient")?,
        })));
    }
    if let Some(told) = stage.child("ResponseList") {
        let elements = told.children("ResponseListElement").map(|element| {
            let part = |name: &str| needed_at(place, element, name);
            Ok((part("Frequency")?, part("Amplitude")?, part("Phase")?))
        });
        return Ok(Some(Filter::List(ResponseList {
            units: units(told),
            elements: elements.collect::<Result<_>>()?,
        })));
    }
    let polynomial = stage.child("Polynomial");
    let polynomial = polynomial
        .map(|told| self::polynomial(place, told))
        .transpose()?;
    Ok(polynomial.map(Filter::Polynomial))
}

fn polynomial(place: &str, element: &Element) -> Result<Polynomial> {
    let part = |name: &str| needed_at(place, element, name);
    let coefficients = element
        .children("Coefficient")
        .map(|child| need_number(&format!("{place}, Coefficient"), child.text()));
    Ok(Polynomial {
        units: units(element),
        frequency_bounds_hz: (part("FrequencyLowerBound")?, part("FrequencyUpperBound")?),
        approximation_bounds: (
            part("ApproximationLowerBound")?,
            part("ApproximationUpperBound")?,
        ),
        maximum_error: part("MaximumError")?,
        coefficients: coefficients.collect::<Result<_>>()?,
    })
}

fn transfer_function(place: &str, element: &Element, name: &str) -> Result<TransferFunction> {
    let text = element.text_at(name).unwrap_or("");
    match text.to_uppercase().as_str() {
        "LAPLACE (RADIANS/SECOND)" | "ANALOG (RADIANS/SECOND)" => {
            Ok(TransferFunction::LaplaceRadians)
        }
        "LAPLACE (HERTZ)" | "ANALOG (HERTZ)" => Ok(TransferFunction::LaplaceHertz),
        "DIGITAL (Z-TRANSFORM)" | "DIGITAL" => Ok(TransferFunction::Digital),
        _ => Err(unreadable(place, text, "a type of transfer function")),
    }
}

fn units(element: &Element) -> Units {
    let name = |path: &str| element.text_at(path).unwrap_or("");
    Units::new(name("InputUnits/Name"), name("OutputUnits/Name"))
}
