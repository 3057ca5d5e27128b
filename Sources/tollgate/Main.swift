/// Where the program starts.
@main
enum Main {
    static func main() async {
        await Tollgate.runProgram()
    }
}
