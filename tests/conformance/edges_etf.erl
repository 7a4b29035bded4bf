%% The external term format: OTP's bytes, what comes back, and damaged bytes.
-module(edges_etf).
-export([main/0]).
p(F) -> try F() catch C:R -> {caught,C,R} end.
d(F) -> io:format("~w~n", [p(F)]).
rt(T) -> B = term_to_binary(T), {B, binary_to_term(B) =:= T, binary_to_term(term_to_binary(T,[compressed])) =:= T, binary_to_term(term_to_binary(T,[local])) =:= T,
   binary_to_term(iolist_to_binary(erlang:term_to_iovec(T))) =:= T, iolist_to_binary(erlang:term_to_iovec(T)) =:= B, if is_function(T) -> x; true -> {catch term_to_binary(T,[{minor_version,0}]), catch term_to_binary(T,[{minor_version,1}])} end, term_to_binary(T,[deterministic])}.
id(X)->X.
main() ->
  X = id(3), Y = id(5.5),
  Ts = [0,1,255,256,-1,-2147483648,2147483647,2147483648,-2147483649,1 bsl 59,-(1 bsl 59),(1 bsl 59)-1,1 bsl 64,-(1 bsl 64),1 bsl 2040, 1 bsl 2039, -(1 bsl 5000), 1.0,-0.0,0.0,1.5e300,1.0e-300,a,'','åäö','ὰ',list_to_atom(lists:duplicate(255,$x)),list_to_atom(lists:duplicate(255,$ὰ)),[],[1],[1|2],"abc","ὰ",[a,b|c],lists:seq(1,300),lists:duplicate(65535,$a),lists:duplicate(65536,$a),[[]],[[[[a]]]],{},{1},{a,b,c},list_to_tuple(lists:seq(1,300)),#{},#{a=>1},#{1=>2,3.0=>4,"x"=>#{}},maps:from_list([{I,I}||I<-lists:seq(1,40)]),<<>>,<<1,2,3>>,<<1:1>>,<<1,2:3>>,binary:copy(<<7>>,65),binary:copy(<<7>>,200),{binary:copy(<<7>>,200),<<(binary:copy(<<7>>,100))/binary,3:5>>,b},
   {nested,[{x,#{y=>[<<"z">>,{1,2.0}]}}],"tail"}],
  [begin R = p(fun()->rt(T) end), case erlang:external_size(R) > 20000 of true -> io:format("~w~n", [erlang:phash2(R)]); _ -> io:format("~w~n", [R]) end end || T <- Ts],
  d(fun()->term_to_binary(fun lists:map/2) end),
  F = fun(A) -> A+X+Y end, F2 = binary_to_term(term_to_binary(F)), d(fun()->{F=:=F2, F2(1)} end),
  G = fun(A,B) -> A+B end, G2 = binary_to_term(term_to_binary(G)), d(fun()->{G=:=G2, G2(1,2)} end),
  d(fun()->size(term_to_binary(F)) end),
  R0 = make_ref(), d(fun()->binary_to_term(term_to_binary({self(),R0}))=:={self(),R0} end),
  Al = alias(), d(fun()->Al2=binary_to_term(term_to_binary(Al)), Al2 ! hello, {Al2=:=Al, receive Q->Q after 100 -> no end} end),
  Bads = [<<>>,<<131>>,<<130,106>>,<<131,1>>,<<131,97>>,<<131,98,1,2,3>>,<<131,104,2,97,1>>,<<131,105,255,255,255,255>>,<<131,108,0,0,0,2,97,1>>,<<131,108,255,255,255,255,106>>,<<131,116,0,0,0,2,97,1,97,1,97,1,97,2>>,<<131,109,255,255,255,255,1>>,<<131,70,127,240,0,0,0,0,0,0>>,<<131,70,255,248,0,0,0,0,0,0>>,<<131,119,2,255,255>>,<<131,77,0,0,0,1,9,1>>,<<131,77,0,0,0,1,0,1>>,<<131,77,0,0,0,1,8,1>>,<<131,110,0,0>>,<<131,110,1,0,5>>,<<131,110,1,1,5>>,<<131,110,1,7,5>>,<<131,111,255,255,255,255,0,1>>,<<131,80,0,0,0,10,1,2,3>>,<<131,80,255,255,255,255,1,2,3>>,<<131,112,0,0,0,0>>,<<131,113,119,1,97,119,1,98,97,3>>,<<131,113,97,1>>,<<131,107,0,5,1>>,<<131,131,106>>,<<131,106,1,2>>,<<131,108,0,0,0,0,97,1>>,<<131,99,"1.5e0",0:(26*8)>>,<<131,99," 1.5e0",0:(25*8)>>,<<131,99,"inf",0:(28*8)>>,<<131,100,0,1,229>>,<<131,115,1,229>>,<<131,121,1,2,3,4,106>>,<<131,117,0,0,0,0>>,<<131,82,0>>,<<131,116,0,0,0,1,108,0,0,0,0,106,104,0>>,
   <<131,118,1,0,(binary:copy(<<"a">>,256))/binary>>, a, <<131,106,1:1>>,
   <<131,103,119,5,"a@b.c",0,0,0,1,0,0,0,2,1>>,<<131,88,119,5,"a@b.c",0,0,0,1,0,0,0,2,0,0,0,9>>,<<131,90,0,3,119,5,"a@b.c",0,0,0,1,0,0,0,2,0,0,0,9,0,0,0,7>>,<<131,120,119,5,"a@b.c",0,0,0,0,0,0,0,2,0,0,0,9>>],
  [d(fun()->binary_to_term(B) end) || B <- lists:sublist(Bads,length(Bads)-4)],
  [d(fun()->T=binary_to_term(B), {term_to_binary(T), is_pid(T), is_reference(T), is_port(T), T=:=binary_to_term(B), T<self(), node(T)} end) || B <- lists:nthtail(length(Bads)-4,Bads)],
  d(fun()->binary_to_term(<<131,119,20,"not_there_anywhere12">>,[safe]) end),
  d(fun()->binary_to_term(<<131,113,119,1,97,119,1,98,97,3>>,[safe]) end),
  d(fun()->binary_to_term(<<131,113,119,5,"lists",119,3,"map",97,2>>,[safe]) end),
  d(fun()->binary_to_term(<<131,97,1,9>>,[used,safe]) end),
  d(fun()->B=term_to_binary(lists:duplicate(1000,a),[compressed]), {binary_to_term(<<B/binary,1,2>>,[used])=:={lists:duplicate(1000,a),byte_size(B)}, byte_size(B) < 100} end),
  d(fun()->binary_to_term(<<131,106>>,[foo]) end),d(fun()->term_to_binary(a,[foo]) end),d(fun()->term_to_binary(a,[{compressed,10}]) end),d(fun()->term_to_binary(a,[{minor_version,3}]) end),d(fun()->term_to_binary(a,[local,deterministic]) end),d(fun()->term_to_binary(a,x) end),
  Deep = lists:foldl(fun(_,A)->[A] end, [], lists:seq(1,1000000)),
  d(fun()->binary_to_term(term_to_binary(Deep)) =:= Deep end),
  Deep2 = lists:foldl(fun(_,A)->{A} end, [], lists:seq(1,1000000)),
  d(fun()->binary_to_term(term_to_binary(Deep2)) =:= Deep2 end),
  d(fun()->binary_to_term(<<131,(binary:copy(<<104,1>>,1000000))/binary>>) end),
  d(fun()->[erlang:external_size(Z)||Z<-[1,1000,1 bsl 40,a,"abc",[a],{1.0},<<1,2>>,<<1:1>>]] end),
  ok.
