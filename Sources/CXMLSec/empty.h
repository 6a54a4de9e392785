// Only carries pkg-config include paths and link flags; see the shim target of the same name.
