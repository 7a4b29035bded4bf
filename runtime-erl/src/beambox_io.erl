%% SPDX-License-Identifier: Apache-2.0
-module(beambox_io).
-moduledoc """
The I/O servers of a program that runs without OTP's kernel application: `user`, which is the group leader of the program,
and `standard_error`.

Both speak the I/O protocol of OTP 27 and end in two functions of the VM: `beambox:write/2` and `beambox:read/1`. Input is
read by a process of its own, so that output isn't held up while a reader waits. The text outside is always UTF-8; there is
no terminal, so `get_geometry` and `get_password` are `enotsup`.
""".

-export([start/0, flush/0]).
-export([server/2, reader/0]).

-doc "Starts and registers both servers; the result is the group leader for the program.".
-spec start() -> pid().
start() ->
    User = spawn(?MODULE, server, [stdout, user]),
    Error = spawn(?MODULE, server, [stderr, standard_error]),
    [receive {Pid, ready} -> ok end || Pid <- [begin P ! {self(), start}, P end || P <- [User, Error]]],
    User.

-doc "Returns when everything that was sent to the servers before has been written.".
-spec flush() -> ok.
flush() ->
    lists:foreach(fun flush/1, [user, standard_error]).

flush(Name) ->
    case whereis(Name) of
        undefined ->
            ok;
        Pid ->
            Ref = monitor(process, Pid),
            Pid ! {io_request, self(), Ref, getopts},
            receive
                {io_reply, Ref, _} -> demonitor(Ref, [flush]), ok;
                {'DOWN', Ref, process, _, _} -> ok
            end
    end.

-record(state, {
    %% Where output goes.
    stream :: stdout | stderr,
    %% Input that was read and not yet asked for, UTF-8.
    buffer = <<>> :: binary(),
    %% The process that reads; `undefined` until input is first wanted.
    reader :: pid() | undefined,
    %% Is a chunk on its way?
    asked = false :: boolean(),
    eof = false :: boolean(),
    binary = false :: boolean(),
    encoding = unicode :: unicode | latin1
}).

-doc false.
-spec server(stdout | stderr, atom()) -> no_return().
server(Stream, Name) ->
    receive
        {Starter, start} ->
            register(Name, self()),
            group_leader(self(), self()),
            process_flag(trap_exit, true),
            Starter ! {self(), ready},
            loop(#state{stream = Stream})
    end.

loop(S) ->
    receive
        {io_request, From, ReplyAs, Request} when is_pid(From) ->
            {Reply, S1} = request(Request, S),
            From ! {io_reply, ReplyAs, Reply},
            loop(S1);
        _ ->
            loop(S)
    end.

%% The reply to a request, and the state after it.
request({put_chars, Encoding, Chars}, S) ->
    {put_chars(Encoding, Chars, S), S};
request({put_chars, Encoding, M, F, A}, S) ->
    try apply(M, F, A) of
        Chars when is_list(Chars); is_binary(Chars) -> {put_chars(Encoding, Chars, S), S};
        _ -> {{error, F}, S}
    catch
        _:_ -> {{error, F}, S}
    end;
request({put_chars, Chars}, S) ->
    request({put_chars, latin1, Chars}, S);
request({put_chars, M, F, A}, S) ->
    request({put_chars, latin1, M, F, A}, S);
request({requests, Requests}, S) when is_list(Requests) ->
    requests(Requests, ok, S);
request({setopts, Options}, S) when is_list(Options) ->
    setopts(Options, S);
request(getopts, S) ->
    {[{binary, S#state.binary}, {encoding, S#state.encoding}, {terminal, false},
      {stdin, false}, {stdout, false}, {stderr, false}], S};
request({get_geometry, _}, S) ->
    {{error, enotsup}, S};
request({get_password, _}, S) ->
    {{error, enotsup}, S};
request(Request, #state{stream = stderr} = S) ->
    case is_input(Request) of
        true -> {{error, enotsup}, S};
        false -> {{error, request}, S}
    end;
request({get_line, Encoding, Prompt}, S) ->
    prompt(Prompt, S),
    {Line, S1} = line(S),
    {cast(Line, Encoding, S), S1};
request({get_chars, Encoding, Prompt, N}, S) when is_integer(N), N >= 0 ->
    prompt(Prompt, S),
    {Chars, S1} = chars(N, S),
    {cast(Chars, Encoding, S), S1};
request({get_until, Encoding, Prompt, M, F, A}, S) ->
    prompt(Prompt, S),
    until(start, Encoding, {M, F, A}, S);
request({get_line, Prompt}, S) ->
    request({get_line, latin1, Prompt}, S);
request({get_chars, Prompt, N}, S) ->
    request({get_chars, latin1, Prompt, N}, S);
request({get_until, Prompt, M, F, A}, S) ->
    request({get_until, latin1, Prompt, M, F, A}, S);
request(_, S) ->
    {{error, request}, S}.

is_input(Request) when is_tuple(Request), tuple_size(Request) > 0 ->
    lists:member(element(1, Request), [get_line, get_chars, get_until]);
is_input(_) ->
    false.

%% Several requests in a row: the reply of the last, or of the first that fails.
requests([Request | Requests], _, S) ->
    case request(Request, S) of
        {{error, _} = Error, S1} -> {Error, S1};
        {Reply, S1} -> requests(Requests, Reply, S1)
    end;
requests([], Reply, S) ->
    {Reply, S};
requests(_, _, S) ->
    {{error, request}, S}.

setopts([binary | Options], S) ->
    setopts(Options, S#state{binary = true});
setopts([list | Options], S) ->
    setopts(Options, S#state{binary = false});
setopts([{binary, Value} | Options], S) when is_boolean(Value) ->
    setopts(Options, S#state{binary = Value});
setopts([{encoding, Encoding} | Options], S) when Encoding =:= unicode; Encoding =:= utf8 ->
    setopts(Options, S#state{encoding = unicode});
setopts([{encoding, latin1} | Options], S) ->
    setopts(Options, S#state{encoding = latin1});
setopts([{Name, _} | Options], S) when Name =:= echo; Name =:= expand_fun; Name =:= log; Name =:= line_history ->
    setopts(Options, S);
setopts([], S) ->
    {ok, S};
setopts(_, S) ->
    {{error, enotsup}, S}.

put_chars(Encoding, Chars, #state{stream = Stream, encoding = Outside}) ->
    case unicode:characters_to_binary(Chars, Encoding, utf8) of
        Bytes when is_binary(Bytes) ->
            beambox:write(Stream, outside(Bytes, Outside)),
            ok;
        _ ->
            {error, {put_chars, Encoding, Chars}}
    end.

%% A device set to latin1 shows what latin1 doesn't have as `\x{...}`, as OTP's does.
outside(Bytes, unicode) ->
    Bytes;
outside(Bytes, latin1) ->
    list_to_binary([if
                        C < 256 -> C;
                        true -> ["\\x{", string:lowercase(integer_to_list(C, 16)), "}"]
                    end || C <- unicode:characters_to_list(Bytes)]).

prompt(Prompt, S) ->
    Text = try io_lib:format_prompt(Prompt, S#state.encoding) catch _:_ -> [] end,
    _ = put_chars(unicode, Text, S).

%% What a reader gets: characters in the form that it set.
cast(eof, _, _) ->
    eof;
cast(Bytes, _, #state{binary = true}) ->
    Bytes;
cast(Bytes, Encoding, #state{binary = false}) ->
    case unicode:characters_to_list(Bytes) of
        Chars when is_list(Chars) ->
            case Encoding =:= latin1 andalso lists:any(fun(C) -> C > 255 end, Chars) of
                true -> {error, {no_translation, unicode, latin1}};
                false -> Chars
            end;
        _ ->
            %% Not UTF-8: the bytes themselves.
            binary_to_list(Bytes)
    end.

%% The next line with its line feed, or the rest, or `eof`.
line(S) ->
    case binary:split(S#state.buffer, <<"\n">>) of
        [Line, Rest] ->
            {<<Line/binary, "\n">>, S#state{buffer = Rest}};
        [<<>>] when S#state.eof ->
            {eof, S};
        [All] when S#state.eof ->
            {All, S#state{buffer = <<>>}};
        _ ->
            line(more(S))
    end.

%% The next N characters, or the fewer that are left, or `eof`.
chars(0, S) ->
    {<<>>, S};
chars(N, #state{buffer = Buffer} = S) ->
    case split_chars(N, Buffer, 0) of
        {ok, Size} ->
            <<Chars:Size/binary, Rest/binary>> = Buffer,
            {Chars, S#state{buffer = Rest}};
        more when S#state.eof, Buffer =:= <<>> ->
            {eof, S};
        more when S#state.eof ->
            {Buffer, S#state{buffer = <<>>}};
        more ->
            chars(N, more(S))
    end.

%% Bytes of the first N characters of a buffer.
split_chars(0, _, Size) ->
    {ok, Size};
split_chars(N, Buffer, Size) ->
    case Buffer of
        <<_:Size/binary, C/utf8, _/binary>> -> split_chars(N - 1, Buffer, Size + byte_size(<<C/utf8>>));
        <<_:Size/binary, B, _/binary>> when B < 16#C2; B > 16#F4 -> split_chars(N - 1, Buffer, Size + 1);
        <<_:Size/binary, _:4/binary, _/binary>> -> split_chars(N - 1, Buffer, Size + 1);
        _ -> more
    end.

%% Feeds lines to a function that collects, until it has enough.
until(State, Encoding, {_, F, _} = Collect, S) ->
    {Line, S1} = line(S),
    Data = case Line of
               eof -> eof;
               _ -> cast(Line, unicode, S)
           end,
    try io_lib:get_until(State, Data, Encoding, Collect) of
        {stop, Result, Rest} ->
            {Result, push_back(Rest, S1)};
        Next ->
            until(Next, Encoding, Collect, S1)
    catch
        _:_ -> {{error, F}, S1}
    end.

push_back(eof, S) ->
    S;
push_back(Rest, S) ->
    case unicode:characters_to_binary(Rest) of
        Bytes when is_binary(Bytes) -> S#state{buffer = <<Bytes/binary, (S#state.buffer)/binary>>};
        _ -> S
    end.

%% Waits for more input; output is served meanwhile.
more(#state{reader = undefined} = S) ->
    more(S#state{reader = spawn_link(?MODULE, reader, [])});
more(#state{asked = false, reader = Reader} = S) ->
    Reader ! {more, self()},
    more(S#state{asked = true});
more(#state{reader = Reader, buffer = Buffer} = S) ->
    receive
        {Reader, eof} ->
            S#state{asked = false, eof = true};
        {Reader, Bytes} ->
            S#state{asked = false, buffer = <<Buffer/binary, Bytes/binary>>};
        {io_request, From, ReplyAs, Request} when is_pid(From), element(1, Request) =:= put_chars ->
            {Reply, S1} = request(Request, S),
            From ! {io_reply, ReplyAs, Reply},
            more(S1)
    end.

-doc false.
-spec reader() -> no_return().
reader() ->
    receive
        {more, Server} ->
            Server ! {self(), beambox:read(65536)},
            reader()
    end.
