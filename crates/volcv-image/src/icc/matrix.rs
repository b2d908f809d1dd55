//! 3x3 matrices.

/// Three rows.
pub(super) type Matrix = [[f64; 3]; 3];

/// The primaries of sRGB as columns, in XYZ under D50: IEC 61966-2-1, adapted by Bradford, as every sRGB profile has them.
pub(super) const SRGB_TO_XYZ: Matrix =
    [[0.436_07, 0.385_15, 0.143_07], [0.222_49, 0.716_87, 0.060_61], [0.013_92, 0.097_08, 0.714_10]];
/// The primaries of Display P3 as columns, in XYZ under D50.
pub(super) const DISPLAY_P3: Matrix =
    [[0.515_12, 0.291_98, 0.157_10], [0.241_20, 0.692_25, 0.066_57], [-0.001_05, 0.041_89, 0.784_07]];
/// The primaries of Adobe RGB (1998) as columns, in XYZ under D50.
pub(super) const ADOBE_RGB: Matrix =
    [[0.609_74, 0.205_28, 0.149_19], [0.311_11, 0.625_67, 0.063_22], [0.019_47, 0.060_87, 0.744_57]];

pub(super) fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    let cell = |row: usize, column: usize| (0..3).map(|i| a[row][i] * b[i][column]).sum();
    [0, 1, 2].map(|row| [0, 1, 2].map(|column| cell(row, column)))
}

/// `None` if there is no inverse.
pub(super) fn invert(m: &Matrix) -> Option<Matrix> {
    // The cofactor of a cell, with the sign in the cyclic order of the indices.
    let cofactor = |row: usize, column: usize| {
        let (r1, r2, c1, c2) = ((row + 1) % 3, (row + 2) % 3, (column + 1) % 3, (column + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|column| m[0][column] * cofactor(0, column)).sum();
    if !determinant.is_normal() {
        return None;
    }
    Some([0, 1, 2].map(|row| [0, 1, 2].map(|column| cofactor(column, row) / determinant)))
}

/// Whether no cell differs by more than `tolerance`.
pub(super) fn is_near(a: &Matrix, b: &Matrix, tolerance: f64) -> bool {
    a.iter().flatten().zip(b.iter().flatten()).all(|(a, b)| (a - b).abs() <= tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_the_identity() {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        for matrix in [SRGB_TO_XYZ, DISPLAY_P3, ADOBE_RGB] {
            assert!(is_near(&multiply(&matrix, &invert(&matrix).unwrap()), &identity, 1e-12));
        }
        assert_eq!(invert(&[[1.0; 3]; 3]), None);
        assert_eq!(invert(&[[f64::NAN; 3]; 3]), None);
    }
}
