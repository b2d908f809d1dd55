//! Tone curves: from a stored value to linear light, both in 0..=1.

/// A curve of a profile.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Curve {
    Gamma(f64),
    Table(Vec<u16>),
    /// The function type (0 to 4) and g, a, b, c, d, e, f of table 65; missing ones are 0.
    Parametric(u16, [f64; 7]),
}

impl Curve {
    /// Reads a `curv` or `para` element.
    pub(super) fn read(element: &[u8]) -> Option<Self> {
        let body = element.get(8..)?;
        match element.first_chunk()? {
            b"curv" => {
                let (count, values) = body.split_first_chunk()?;
                let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
                let values = values.get(..count.checked_mul(2)?)?;
                let values: Vec<u16> = values.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
                Some(match values[..] {
                    [] => Curve::Gamma(1.0),
                    [gamma] => Curve::Gamma(f64::from(gamma) / 256.0),
                    _ => Curve::Table(values),
                })
            }
            b"para" => {
                let kind = u16::from_be_bytes(*body.first_chunk()?);
                let count = *[1, 3, 4, 5, 7].get(usize::from(kind))?;
                let values = body.get(4..4 + count * 4)?;
                let mut parameters = [0.0; 7];
                for (parameter, bytes) in parameters.iter_mut().zip(values.chunks_exact(4)) {
                    *parameter = f64::from(i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])) / 65536.0;
                }
                Some(Curve::Parametric(kind, parameters))
            }
            _ => None,
        }
    }

    /// The linear value of a stored one.
    pub(super) fn linear(&self, x: f64) -> f64 {
        let y = match self {
            Curve::Gamma(gamma) => x.powf(*gamma),
            Curve::Table(values) => {
                let position = x * (values.len() - 1) as f64;
                let index = (position as usize).min(values.len() - 2);
                let (low, high) = (f64::from(values[index]), f64::from(values[index + 1]));
                (low + (high - low) * (position - index as f64)) / 65535.0
            }
            Curve::Parametric(kind, [g, a, b, c, d, e, f]) => match kind {
                0 => x.powf(*g),
                1 if a * x + b >= 0.0 => (a * x + b).powf(*g),
                1 => 0.0,
                2 if a * x + b >= 0.0 => (a * x + b).powf(*g) + c,
                2 => *c,
                3 if x >= *d => (a * x + b).powf(*g),
                3 => c * x,
                _ if x >= *d => (a * x + b).powf(*g) + e,
                _ => c * x + f,
            },
        };
        // A damaged curve can yield infinity or no number.
        if y.is_nan() { 0.0 } else { y.clamp(0.0, 1.0) }
    }
}

/// From linear light to a stored value of sRGB: IEC 61966-2-1.
pub(super) fn linear_to_srgb(y: f64) -> f64 {
    if y <= 0.003_130_8 { y * 12.92 } else { 1.055 * y.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn srgb_to_linear(x: f64) -> f64 {
        if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
    }

    fn para(kind: u16, parameters: &[f64]) -> Vec<u8> {
        let mut element = b"para\0\0\0\0".to_vec();
        element.extend(kind.to_be_bytes());
        element.extend([0, 0]);
        element.extend(parameters.iter().flat_map(|value| ((value * 65536.0).round() as i32).to_be_bytes()));
        element
    }

    #[test]
    fn a_parametric_curve_of_srgb_agrees_with_the_formula() {
        let curve = Curve::read(&para(3, &[2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045])).unwrap();
        for value in 0..=255 {
            let x = f64::from(value) / 255.0;
            assert!((curve.linear(x) - srgb_to_linear(x)).abs() < 1e-4);
            assert!((linear_to_srgb(srgb_to_linear(x)) - x).abs() < 1e-6);
        }
    }

    #[test]
    fn tables_are_interpolated_and_one_number_is_a_gamma() {
        let table = Curve::read(b"curv\0\0\0\0\0\0\0\x03\0\0\x20\0\xff\xff").unwrap();
        assert_eq!((table.linear(0.0), table.linear(1.0)), (0.0, 1.0));
        assert!((table.linear(0.25) - f64::from(0x1000) / 65535.0).abs() < 1e-9);
        assert_eq!(Curve::read(b"curv\0\0\0\0\0\0\0\x01\x02\x33"), Some(Curve::Gamma(563.0 / 256.0)));
        assert_eq!(Curve::read(b"curv\0\0\0\0\0\0\0\0"), Some(Curve::Gamma(1.0)));
    }

    #[test]
    fn damaged_curves_are_no_curves_and_odd_numbers_stay_in_range() {
        for element in
            [&b"curv\0\0\0\0\xff\xff\xff\xff"[..], b"curv", b"", b"text\0\0\0\0\0\0\0\0", &para(5, &[1.0; 7])]
        {
            assert_eq!(Curve::read(element), None);
        }
        for kind in 0..5 {
            for g in [-3.0, 0.0, 0.5, 30000.0] {
                let curve =
                    Curve::read(&para(kind, &[g, -2.0, 0.5, -9.0, 0.3, 7.0, 1.0][..[1, 3, 4, 5, 7][kind as usize]]))
                        .unwrap();
                assert!((0..=255).all(|value| (0.0..=1.0).contains(&curve.linear(f64::from(value) / 255.0))));
            }
        }
    }
}
