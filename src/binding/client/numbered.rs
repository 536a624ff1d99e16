//! Values that JavaScript knows by a number, as long as it has the number.

/// Eight bytes for each `Arc`, because a client may have a hundred thousand sessions.
pub(super) struct Numbered<T> {
    values: Vec<Option<T>>,
    /// Numbers of values that were removed, which are given again.
    free: Vec<u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { values: Vec::new(), free: Vec::new() }
    }
}

impl<T: Clone> Numbered<T> {
    pub(super) fn add(&mut self, value: T) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.values.push(None);
            self.values.len() as u32 - 1
        });
        self.values[number as usize] = Some(value);
        number
    }

    pub(super) fn get(&self, number: u32) -> T {
        self.values[number as usize].clone().expect("JavaScript holds the number of a value that it uses")
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let value = self.values.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(value)
    }
}

#[cfg(test)]
mod tests;
