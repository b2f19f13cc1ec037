//! Enums whose values have codes, in the contract and in the tables.

/// Makes an enum whose values have codes: `as_str` gives a value's code, `parse` reads one.
#[macro_export]
macro_rules! codes {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $code:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $value,)*
        }

        impl $name {
            /// Its code in the contract and in the tables.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$value => $code,)* }
            }

            /// Reads a code.
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some($name::$value),)* _ => None }
            }
        }
    };
}
