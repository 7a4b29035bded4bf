# A GenServer, tasks and Enum: what an ordinary script uses.
defmodule Stack do
  use GenServer

  def start_link(list), do: GenServer.start_link(__MODULE__, list)
  def push(pid, x), do: GenServer.cast(pid, {:push, x})
  def pop(pid), do: GenServer.call(pid, :pop)

  @impl true
  def init(list), do: {:ok, list}

  @impl true
  def handle_call(:pop, _from, [head | tail]), do: {:reply, head, tail}

  @impl true
  def handle_cast({:push, x}, list), do: {:noreply, [x | list]}
end

defmodule Shape do
  defstruct name: "circle", size: 1
  defprotocol Area, do: def(of(shape))

  defimpl Area, for: Shape do
    def of(%{size: size}), do: size * size
  end
end

{:ok, pid} = Stack.start_link([1])
Stack.push(pid, :two)
IO.inspect({Stack.pop(pid), Stack.pop(pid)})

IO.inspect(Enum.map(1..5, &(&1 * &1)) |> Enum.sum())
IO.inspect(Enum.group_by(~w(pear fig banana apple plum), &String.length/1) |> Enum.sort())
IO.puts(Enum.join(Enum.sort_by(~w(pear fig banana), &String.length/1), ", "))
IO.inspect(Stream.iterate(1, &(&1 * 2)) |> Stream.drop(3) |> Enum.take(4))

tasks = for i <- 1..3, do: Task.async(fn -> i * 10 end)
IO.inspect(Task.await_many(tasks))
IO.inspect(Task.async_stream(1..4, &(&1 + 1)) |> Enum.to_list())

IO.inspect(struct(Shape, size: 3))
IO.inspect(Shape.Area.of(struct(Shape, size: 3)))
IO.puts("grüße: #{String.upcase("grüße")} #{String.length("e\u0301")} #{inspect(~r/a+/ |> Regex.run("baab"))}")

try do
  raise ArgumentError, "no"
rescue
  e -> IO.inspect(e)
end

Process.flag(:trap_exit, true)
GenServer.stop(pid)
receive do: ({:EXIT, _, why} -> IO.inspect(why))
