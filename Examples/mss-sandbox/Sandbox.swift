import ArgumentParser

@main
struct Sandbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mss-sandbox",
        abstract: "Un espace de confiance MSSanté de test, sur cette machine.")
}
